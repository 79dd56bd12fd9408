"""What the gate promises its guests."""

from simulate import simulate

DAY = {"day": {"capacity": 2, "per_minute": 1}}


def at(ms, party=1, pass_id="A7"):
    return {"at": ms, "pass": pass_id, "kind": "day", "party": party}


def admitted(decisions):
    return [decision["admitted"] for decision in decisions]


def test_new_pass_is_full():
    assert admitted(simulate(DAY, [at(0), at(0), at(0)])) == [True, True, False]


def test_token_comes_back_after_a_minute():
    assert admitted(simulate(DAY, [at(0, 2), at(60_000)])) == [True, True]


def test_bucket_never_holds_more_than_its_capacity():
    assert admitted(simulate(DAY, [at(3_600_000, 2), at(3_600_000)])) == [True, False]


def test_passes_do_not_share_a_bucket():
    decisions = simulate(DAY, [at(0, 2), at(0, 2, "B2")])
    assert admitted(decisions) == [True, True]


def test_refused_party_costs_nothing():
    decisions = simulate(DAY, [at(0, 1), at(0, 2), at(0, 1)])
    assert admitted(decisions) == [True, False, True]


def test_asking_every_second_still_earns_a_ride():
    impatient = [at(0, 2)] + [at(second * 1000) for second in range(1, 61)]
    assert admitted(simulate(DAY, impatient))[-1] is True


def test_refusal_says_how_long_to_wait():
    decisions = simulate(DAY, [at(0, 2), at(45_000)])
    assert decisions[-1]["retry_after_ms"] == 15_000


def test_party_above_the_capacity_is_never_told_to_wait():
    decision = simulate(DAY, [at(0, 3)])[0]
    assert (decision["admitted"], decision["retry_after_ms"]) == (False, None)


def test_clock_stepping_back_takes_nothing_away():
    decisions = simulate(DAY, [at(120_000, 1), at(30_000, 1)])
    assert admitted(decisions) == [True, True]
