#!/usr/bin/env python3
"""Runs the AWS experiments of the tutorial against moto, a stand-in for AWS on this machine.

Makes a virtual environment with what the experiments need (once, under target/), starts a moto server
on the loopback interface, gives it an instance and an Auto Scaling group, and runs the experiments.
Nothing is sent to AWS. The exit code is 0 if both end as the tutorial says.
"""

import argparse
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REGION = "us-east-1"
GROUP = "tutorial"
# Seconds that the server has to answer.
PATIENCE = 120

# Experiment, and the exit code that it ends with: the first deviates, the second heals.
EXPERIMENTS = [("2-ec2-instance.json", 1), ("3-asg-instance.yaml", 0)]

# Runs in the virtual environment; prints the ids of what it made.
SEED = """
import boto3, json
ec2 = boto3.client("ec2")
image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
kind = dict(ImageId=image, InstanceType="t3.micro")
instance = ec2.run_instances(MinCount=1, MaxCount=1, **kind)["Instances"][0]["InstanceId"]
ec2.create_launch_template(LaunchTemplateName="GROUP", LaunchTemplateData=kind)
boto3.client("autoscaling").create_auto_scaling_group(
    AutoScalingGroupName="GROUP", LaunchTemplate={"LaunchTemplateName": "GROUP"},
    MinSize=3, MaxSize=3, DesiredCapacity=3, AvailabilityZones=["REGIONa"])
print(json.dumps(instance))
"""


def main():
    arguments = parse_arguments()
    venv = make_venv(arguments.venv)
    with tempfile.TemporaryDirectory() as scratch:
        journals = (arguments.journals or Path(scratch)).resolve()
        journals.mkdir(parents=True, exist_ok=True)
        server, endpoint = start_server(venv)
        try:
            return run_experiments(arguments, venv, endpoint, journals)
        finally:
            # Only the process that was started here, by its id.
            server.kill()
            server.wait()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--squall", type=Path, default=find_squall(), help="the program to run")
    parser.add_argument("--journals", type=Path, help="folder to keep the journals in")
    parser.add_argument("--python", action="store_true", help="call chaostoolkit-aws in Python, to compare")
    parser.add_argument("--venv", type=Path, default=ROOT / "target/tutorial/venv", help="virtual environment")
    arguments = parser.parse_args()
    if arguments.squall is None:
        parser.error("there is no squall; build it (`cargo build --release`), or name it with --squall")
    arguments.squall = arguments.squall.resolve()
    return arguments


def find_squall():
    built = [ROOT / "target/release/squall", ROOT / "target/debug/squall"]
    installed = shutil.which("squall")
    found = [path for path in built if path.exists()] + ([Path(installed)] if installed else [])
    return found[0] if found else None


def make_venv(venv):
    wanted = (HERE / "requirements.txt").read_text()
    mark = venv / "requirements.txt"
    venv.parent.mkdir(parents=True, exist_ok=True)
    with open(venv.parent / "venv.lock", "w") as lock:
        # Who comes second waits for the one that makes it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            print(f"making the virtual environment {venv} (takes a minute, once)", flush=True)
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
            mark.write_text(wanted)
    return venv


def start_server(venv):
    """Gives the server's process and its address, once it answers."""
    # The port is free now; should another program take it first, the server ends, and a second is tried.
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [venv / "bin/moto_server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if answers(server, port):
            return server, f"http://127.0.0.1:{port}"
    sys.exit("the moto server does not start")


def answers(server, port):
    """Waits until the server takes connections, or has ended."""
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            if time.monotonic() > deadline:
                server.kill()
                server.wait()
                sys.exit(f"the moto server did not answer within {PATIENCE} s")
            time.sleep(0.05)
    return False


def environment(venv, endpoint):
    """That of the caller, with everything about AWS pointing to the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SQUALL_PYTHON"))}
    return kept | {
        "AWS_ACCESS_KEY_ID": "tutorial",
        "AWS_SECRET_ACCESS_KEY": "tutorial",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        # As `source bin/activate` does: Squall takes the interpreter of the active environment.
        "VIRTUAL_ENV": str(venv.resolve()),
    }


def run_experiments(arguments, venv, endpoint, journals):
    env = environment(venv, endpoint)
    seed = SEED.replace("GROUP", GROUP).replace("REGION", REGION)
    made = subprocess.run([venv / "bin/python", "-c", seed], env=env, check=True, capture_output=True, text=True)
    env |= {"TUTORIAL_INSTANCE": json.loads(made.stdout), "TUTORIAL_GROUP": GROUP}
    as_told = True
    for name, expected in EXPERIMENTS:
        journal = journals / Path(name).with_suffix(".journal.json").name
        options = ["--python-chaosaws"] if arguments.python else []
        command = [arguments.squall, "--no-log-file", "run", *options, "--journal-path", journal, HERE / name]
        print(f"\n$ {' '.join(['squall', 'run', *options, name])}", flush=True)
        code = subprocess.run(command, env=env, cwd=journals, stdin=subprocess.DEVNULL).returncode
        verdict = read_verdict(journal)
        print(f"{name}: exit code {code}, {verdict}", flush=True)
        as_told = as_told and code == expected
    return 0 if as_told else 1


def read_verdict(journal):
    if not journal.exists():
        return "and no journal"
    content = json.loads(journal.read_text())
    return f"{content['status']}, {'deviated' if content['deviated'] else 'not deviated'}"


if __name__ == "__main__":
    sys.exit(main())
