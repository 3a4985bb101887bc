"""A cluster of one node on loopback: SLURM without systemd, cgroups or accounts, all of it below one folder.

    with Lab(folder) as lab:
        subprocess.run(["sbatch", ...], env=lab.environment)

Needs root and the programs of PROGRAMS (Debian: slurmctld slurmd slurm-client munge).
"""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "srun", "scontrol")
PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")

CONFIGURATION = """ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={port_1}
SrunPortRange={port_100}-{port_199}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={root}/munge.socket
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0,sched_min_interval=0
JobAcctGatherType=jobacct_gather/linux
JobCompType=jobcomp/filetxt
JobCompLoc={root}/jobs.txt
AccountingStorageType=accounting_storage/none
KillWait=2
ReturnToService=2
JobRequeue=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=60 DefaultTime=10 DefMemPerCPU=500 State=UP
"""


class LabError(RuntimeError):
    """The cluster did not come up; the message holds the end of its logs."""


def missing() -> str:
    """Why the lab cannot run here; empty if it can."""
    if os.geteuid() != 0:
        return "a cluster on loopback needs root"
    absent = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    return f"not installed: {', '.join(absent)} (Debian: {' '.join(PACKAGES)})" if absent else ""


def _path() -> str:
    return os.environ["PATH"] + ":/usr/sbin:/sbin"


class Lab:
    def __init__(self, folder: Path):
        self.root = Path(folder)
        self.host = socket.gethostname().split(".")[0]
        # What a job step starts with srun has lost SLURM_CONF: this srun, first on the path, puts it back.
        self.environment = {
            **os.environ,
            "PATH": f"{self.root / 'bin'}:{_path()}",
            "SLURM_CONF": str(self.root / "slurm.conf"),
        }

    def __enter__(self) -> "Lab":
        for name in ("state", "spool", "bin"):
            (self.root / name).mkdir(parents=True)
        self._configure()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error) -> None:
        self._cancel()
        for name in ("slurmd", "slurmctld", "munged"):
            _stop(self.root / f"{name}.pid")

    def _cancel(self) -> None:
        """End every job: its processes would outlive the daemons."""
        for job in self.run("squeue", "-h", "-o", "%A").stdout.split():
            self.run("scancel", "--full", "--signal=KILL", job)
            self.run("scancel", job)
        for _ in range(40):
            if not self.run("squeue", "-h").stdout.strip():
                return
            time.sleep(0.25)

    def run(self, *words, **more) -> subprocess.CompletedProcess:
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False, **more)

    def finished_jobs(self) -> list[dict[str, str]]:
        """What SLURM wrote about every job that ended: JobId, Name, JobState, ..."""
        path = self.root / "jobs.txt"
        lines = path.read_text().splitlines() if path.is_file() else []
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def _configure(self) -> None:
        port = _free_port()
        memory_kb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
        values = {"port": port, "port_1": port + 1, "port_100": port + 100, "port_199": port + 199}
        values |= {"root": self.root, "host": self.host, "cpus": os.cpu_count(), "memory": memory_kb // 1024 - 1024}
        (self.root / "slurm.conf").write_text(CONFIGURATION.format(**values))
        (self.root / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nIgnoreSystemd=yes\n")
        key = self.root / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o600)
        srun = self.root / "bin" / "srun"
        srun.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.root}/slurm.conf exec {shutil.which("srun", path=_path())} "$@"\n'
        )
        srun.chmod(0o755)

    def _start(self) -> None:
        names = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
        names |= {"log-file": "munged.log", "seed-file": "munge.seed"}
        self._daemon("munged", "--force", *(f"--{key}={self.root / name}" for key, name in names.items()))
        self._daemon("slurmctld")
        self._daemon("slurmd")
        for _ in range(100):
            if self.run("sinfo", "-h", "-o", "%t").stdout.strip() == "idle":
                return
            time.sleep(0.2)
        logs = "\n".join((self.root / f"{n}.log").read_text()[-1500:] for n in ("slurmctld", "slurmd"))
        raise LabError(f"no idle node after 20 s\n{logs}")

    def _daemon(self, *words) -> None:
        done = self.run(*words, timeout=20)
        if done.returncode:
            raise LabError(f"{words[0]} did not start: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(probe.getsockname()[1], 60000)


def _stop(pid_file: Path) -> None:
    if not pid_file.is_file() or not pid_file.read_text().strip():
        return
    pid = int(pid_file.read_text())
    for signal in (15, 9):
        for _ in range(25):
            try:
                os.kill(pid, signal)
            except ProcessLookupError:
                return
            time.sleep(0.2)
