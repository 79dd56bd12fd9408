"""A few nights in the bakery."""

import os
import subprocess
import sys

import pytest


def night(plan):
    """Return what main.py prints; a plan that takes too long fails the test."""
    try:
        done = subprocess.run(
            [sys.executable, "main.py"],
            input=plan,
            capture_output=True,
            text=True,
            timeout=3,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        pytest.fail("main.py did not finish within 3 seconds", pytrace=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_one_baker_one_loaf():
    assert night("mix 20\nbake 40 unattended after mix\n") == [
        "22:00-22:20 mix baker 1",
        "22:20-23:00 bake",
        "ready 23:00",
    ]


def test_task_named_before_its_line():
    assert night("bake 40 unattended after mix\nmix 20 # flour, water, salt\n") == [
        "22:00-22:20 mix baker 1",
        "22:20-23:00 bake",
        "ready 23:00",
    ]


def test_empty_plan_is_ready_at_the_start():
    assert night("start 04:30\n# closed on Mondays\n") == ["ready 04:30"]


def test_time_after_midnight():
    assert night("start 23:50\nmix 20\n") == ["23:50-00:10 mix baker 1", "ready 00:10"]


def test_one_baker_does_one_thing_at_a_time():
    assert night("start 01:00\nmix 20\nicing 15\n") == [
        "01:00-01:20 mix baker 1",
        "01:20-01:35 icing baker 1",
        "ready 01:35",
    ]


def test_longest_chain_goes_first():
    assert night("start 01:00\nsweep 30\nmix 20\nbake 60 unattended after mix\n") == [
        "01:00-01:20 mix baker 1",
        "01:20-01:50 sweep baker 1",
        "01:20-02:20 bake",
        "ready 02:20",
    ]


def test_two_bakers_share_the_night():
    plan = """
        start 22:00
        bakers 2
        mix 20
        proof 90 unattended after mix
        shape 20 after proof
        icing 15
        bake 30 unattended after shape
        glaze 10 after bake, icing
    """
    assert night(plan) == [
        "22:00-22:20 mix baker 1",
        "22:00-22:15 icing baker 2",
        "22:20-23:50 proof",
        "23:50-00:10 shape baker 1",
        "00:10-00:40 bake",
        "00:40-00:50 glaze baker 1",
        "ready 00:50",
    ]


def test_unknown_task_is_named_with_its_line():
    assert night("mix 20\nbake 40 after mix, flour\n") == [
        'line 2: unknown task "flour"'
    ]


def test_cycle_is_named():
    assert night("mix 5\nproof 90 after shape, mix\nshape 20 after proof\n") == [
        "cycle: proof needs shape needs proof"
    ]
