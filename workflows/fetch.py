from pipeline import provenance
from pipeline.archive import fetch

provenance.write_json(
    fetch(
        snakemake.params.event,
        snakemake.wildcards.spacecraft,
        archive=snakemake.params.archive,
        data=snakemake.params.data,
        settings=snakemake.params.settings,
        search_s=snakemake.params.search_s,
        offline=snakemake.params.offline,
    ),
    snakemake.output[0],
)
