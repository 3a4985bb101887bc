from pipeline import provenance, status
from pipeline.archive import fetch

status.watch(snakemake.rule, snakemake.output[0])

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

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
