# SPDX-License-Identifier: Apache-2.0
"""claims: what a flow claims, and what its claims say of the world: now, soon, or for a while."""

import sys
import time
import traceback

CLAIMS = []


class Skip(Exception):
    """What this machine cannot show; the text says why."""


def claim(function):
    CLAIMS.append(function)
    return function


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, expected, what="got"):
    if got != expected:
        raise AssertionError(f"{what}: {got!r}, expected {expected!r}")


def wait_until(predicate, seconds, what=None, every=0.01):
    """The seconds until the predicate held; what it returned last stands in the error."""
    began = time.monotonic()
    while True:
        last = predicate()
        took = time.monotonic() - began
        if last:
            return took
        if took > seconds:
            raise AssertionError(f"{what or predicate.__name__}: not within {seconds} s")
        time.sleep(every)


def holds_for(predicate, seconds, what=None):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        check(predicate(), f"{what or predicate.__name__}: no longer")
        time.sleep(0.02)


def run_claim(fleet, function):
    name = function.__name__.replace("_", " ")
    try:
        figure = function(fleet)
        print(f"ok - {name}" + (f" ({figure})" if figure else ""), flush=True)
        return True
    except Skip as why:
        print(f"# skipped - {name}: {why}", flush=True)
        return True
    except Exception:  # whatever it was, the others still run
        traceback.print_exc(file=sys.stdout)
    print(f"not ok - {name}", flush=True)
    return False
