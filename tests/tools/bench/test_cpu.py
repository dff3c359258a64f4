import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

import pytest

from tools.bench.cpu import cost, resident_bytes, used_by

# Burns 0.3 s in a child that ends, or in one that stays, or in itself; then says so and waits.
BURN = """
import os, sys, time
def burn():
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
where = sys.argv[1]
input()
if where == "itself":
    burn()
elif os.fork() == 0:
    burn()
    if where == "living child":
        print("done", flush=True)
        time.sleep(30)
    os._exit(0)
elif where == "ended child":
    os.wait()
if where != "living child":
    print("done", flush=True)
input()
"""


@pytest.fixture(params=["itself", "living child", "ended child"])
def burner(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", BURN, request.param]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        os.killpg(process.pid, signal.SIGKILL)  # the child that stays too


def test_a_process_is_charged_what_it_and_its_children_use(burner: subprocess.Popen[str]) -> None:
    assert burner.stdin is not None
    assert burner.stdout is not None
    before = used_by({"burner": burner.pid})
    burner.stdin.write("\n")
    burner.stdin.flush()
    assert burner.stdout.readline() == "done\n"
    assert cost(before, used_by({"burner": burner.pid}))["burner"] == pytest.approx(0.3, abs=0.15)


def test_all_processes_are_looked_at_in_a_moment() -> None:
    began = perf_counter()
    used_by({"a": 1, "b": 1})
    assert perf_counter() - began < 1


def test_a_process_has_memory() -> None:
    command = [sys.executable, "-c", "print('ready', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 1 << 20 < resident_bytes(process.pid) < 1 << 28
        process.communicate(b"\n")
