from pipeline.archive import fetch

from pipeline import provenance

provenance.write_json(
    fetch(
        snakemake.params.event,
        snakemake.wildcards.spacecraft,
        archive=snakemake.params.archive,
        data=snakemake.params.data,
        settings=snakemake.params.settings,
        offline=snakemake.params.offline,
    ),
    snakemake.output[0],
)
