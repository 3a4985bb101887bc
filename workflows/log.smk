# What a run prints: one line where a job starts, one where it fails; the log file below .snakemake/log keeps everything
import textwrap
import time

from snakemake import logging as log_of_snakemake
from snakemake_interface_logger_plugins.common import LogEvent

LONGEST_REASON = 160  # characters; a dry run says why a job is due, but need not name every file
NEVER = {LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED, LogEvent.PROGRESS}


class OneLine(log_of_snakemake.DefaultFormatter):
    """Job infos and job errors in one line each, with how many of the jobs are done."""

    def __init__(self, dryrun: bool, **settings):
        super().__init__(**settings)
        self.dryrun, self.done, self.total = dryrun, 0, 0
        self.messages = {}  # of jobs that were told of, by number: an error knows only its rule

    def wanted(self, record) -> bool:
        """Keeps what a reader needs, and remembers the progress that it leaves out."""
        event = log_of_snakemake.get_event(record)
        if event == LogEvent.PROGRESS:
            self.done, self.total = record.done, record.total
        if event == LogEvent.RUN_INFO:
            self.total = getattr(record, "stats", {}).get("total", self.total)
        return event not in NEVER and record.getMessage() != "Select jobs to execute..."

    def format_job_info(self, msg: dict) -> str:
        self.messages[msg["jobid"]] = msg["rule_msg"]
        line = self._line(msg)
        reason = textwrap.shorten(str(msg["reason"]), LONGEST_REASON, placeholder=" ...")
        return f"{line}\n      {reason}" if self.dryrun and reason else line

    def format_job_error(self, msg: dict) -> str:
        logs = f", log: {', '.join(msg['log'])}" if msg["log"] else ""
        return f"{self._line(msg)} FAILED (rule {msg['rule_name']}{logs})"

    def _line(self, msg: dict) -> str:
        progress = f"{self.done:3d} of {self.total} done" if self.total and not self.dryrun else ""
        what = msg["rule_msg"] or self.messages.get(msg["jobid"]) or msg["rule_name"]
        return f"{time.strftime('%H:%M:%S')} {progress}  {what}"


def shorten_log():
    """Put OneLine in place of the terminal's formatter; in an unknown kind of log nothing is changed."""
    for handler in log_of_snakemake.logger.handlers:
        old = handler.formatter
        if isinstance(handler, log_of_snakemake.ColorizingTextHandler) and hasattr(old, "quiet"):
            lines = OneLine(workflow.output_settings.dryrun, quiet=old.quiet, show_failed_logs=old.show_failed_logs)
            handler.setFormatter(lines)
            handler.addFilter(lines.wanted)


# As a module of another workflow, the log is that workflow's.
if Path(workflow.main_snakefile).resolve().parent == HERE.resolve():
    shorten_log()
