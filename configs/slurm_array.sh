#!/bin/bash
# The catalogue as one job array: every task is a Snakemake of its own that works off its slice of the events.
#
#   snakemake --cores 4 --until fetch --config events=E            # where the network is
#   sbatch --array=0-9 configs/slurm_array.sh --config events=E offline=true jobs=event
#   snakemake --cores 2 --config events=E offline=true jobs=event  # the catalogue, and whatever failed
#
# EVENTS and RESULTS are the table and the results folder if they are not the default ones.
#SBATCH --job-name=events
#SBATCH --cpus-per-task=1
#SBATCH --mem=2000M
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --output=logs/slurm_%A_%a.log
set -euo pipefail
events=${EVENTS:-configs/events.csv}
results=${RESULTS:-results}
mapfile -t names < <(tail -n +2 "$events" | cut -d, -f1 | uniq)
targets=()
for ((k = SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN; k < ${#names[@]}; k += SLURM_ARRAY_TASK_COUNT)); do
  targets+=("$results/${names[k]}/${TARGET:-report.html}")
done
((${#targets[@]})) || exit 0
# No lock: slices share no file that they write, and a lock would let one task run only.
exec snakemake --cores "${SLURM_CPUS_PER_TASK:-1}" --nolock --keep-going --rerun-incomplete "${targets[@]}" "$@"
