"""What a candidate sees of an answer under the policy “hints”."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.policies.code_lines import CodeSize, is_code
from assistant.turns.guard import (
    LINES_AN_INTERVIEW,
    SolutionGuard,
    make_guard,
    measure_answers,
)
from interviews.enums import Policy

SOLUTION = [
    "def two_sum(nums, target):",
    "    seen = {}",
    "    for index, number in enumerate(nums):",
    "        if target - number in seen:",
    "            return [seen[target - number], index]",
    "        seen[number] = index",
]
FENCED = "\n".join(["Here it is:", "", "```python", *SOLUTION, "```", "", "Done."])
TELLING = "the solution is yours to write"


def show(text: str, *, step: int = 7, guard: SolutionGuard | None = None) -> str:
    guard = guard or SolutionGuard()
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    return "".join([*(guard.take(piece) for piece in pieces), guard.close()])


def is_withheld(text: str) -> bool:
    guard = SolutionGuard()
    shown = show(text, guard=guard)
    return guard.is_tripped and TELLING in shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "What do you look up for each number?\n\nThink of a `dict`.\n", id="prose"
        ),
        pytest.param(
            "A dictionary remembers what was seen:\n\n```python\nseen[number] = index\n"
            "if wanted in seen:\n    ...\n```\n\nWhat is `wanted` here?",
            id="fragment",
        ),
        pytest.param(
            "1. Go through the numbers once.\n2. For each one, ask what is missing.\n"
            "3. If it was seen before, you are done.\n4. Else remember it.\n"
            "5. Say what happens for an empty list.\n6. Test that.\n",
            id="steps-in-words",
        ),
        pytest.param(
            "Your `two_sum(nums, target)` calls `nums.index(x)` in a loop, and `nums` "
            "has `len(nums)` items, so this is O(n) times O(n). Does `in` on a list "
            "look at every item (yes), and on a `set`?\n",
            id="review-with-names",
        ),
        pytest.param(
            "if you sort first, you lose the places.\nfor each number there is one "
            "other.\nreturn to the second example in the statement and follow it.\n"
            "while you do that, write down what you have seen.\nlet me know what you "
            "find.\nimport nothing for this.\n",
            id="words-that-begin-like-code",
        ),
        pytest.param("", id="nothing"),
        pytest.param("> Quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", id="table"),
        pytest.param("Подумай, что нужно найти для каждого числа.\n", id="russian"),
        pytest.param("先想一想每个数字需要找什么。\n然后记住它。\n", id="chinese"),
    ],
)
def test_concepts_and_fragments_are_shown_as_they_came(text: str) -> None:
    guard = SolutionGuard()

    assert show(text, guard=guard) == text
    assert not guard.is_tripped


def test_whole_solution_is_withheld_and_the_answer_says_so() -> None:
    guard = SolutionGuard()

    shown = show(FENCED, guard=guard)

    assert TELLING in shown
    assert "seen" not in shown
    assert shown.startswith("Here it is:")
    assert shown.endswith("Done.")
    assert guard.note.blocks == 1
    assert guard.note.lines == len(SOLUTION)


def lines(form: str) -> str:
    """Each line of the solution in this form."""
    return "\n".join(
        form.format(line=line, bare=line.strip(), n=n)
        for n, line in enumerate(SOLUTION, start=1)
    )


JAVA = """\
class Solution {
    public int[] twoSum(int[] nums, int target) {
        Map<Integer, Integer> seen = new HashMap<>();
        for (int i = 0; i < nums.length; i++) {
            if (seen.containsKey(target - nums[i])) {
                return new int[] {seen.get(target - nums[i]), i};
            }
            seen.put(nums[i], i);
        }
        return new int[0];
    }
}
"""
GO = """\
func twoSum(nums []int, target int) []int {
\tseen := map[int]int{}
\tfor i, n := range nums {
\t\tif j, ok := seen[target-n]; ok {
\t\t\treturn []int{j, i}
\t\t}
\t\tseen[n] = i
\t}
\treturn nil
}
"""
SQL = """\
WITH ranked AS (
    SELECT name, score,
        ROW_NUMBER() OVER (PARTITION BY team ORDER BY score DESC) AS place
    FROM players
    WHERE score > 0
)
SELECT name FROM ranked WHERE place = 1 ORDER BY name;
"""
ONE_LINER = (
    "const twoSum=(a,t)=>{const s={};for(let i=0;i<a.length;i++){if(t-a[i] in s)"
    "return [s[t-a[i]],i];s[a[i]]=i;}return [];}"
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```\n" + "\n".join(SOLUTION) + "\n```", id="no-language"),
        pytest.param("~~~~\n" + "\n".join(SOLUTION) + "\n~~~~\n", id="tildes"),
        pytest.param("```python\n" + "\n".join(SOLUTION), id="fence-left-open"),
        pytest.param("Sure.\n\n" + "\n".join(SOLUTION) + "\n\nGood.\n", id="unfenced"),
        pytest.param("So:\n\n" + lines("    {line}") + "\n", id="indented"),
        pytest.param("So:\n\n" + lines("> {line}") + "\n", id="quoted"),
        pytest.param("> ```py\n" + lines("> {line}") + "\n> ```\n", id="quoted-fence"),
        pytest.param("- ```py\n" + lines("  {line}") + "\n  ```\n", id="fence-in-list"),
        pytest.param(lines("{n}. `{bare}`") + "\n", id="numbered-spans"),
        pytest.param(lines("- {bare}") + "\n", id="bullets"),
        pytest.param(lines("| {n} | `{bare}` |") + "\n", id="table-cells"),
        pytest.param(lines("# {bare}") + "\n", id="comments"),
        pytest.param(lines("+{line}") + "\n", id="diff"),
        pytest.param(lines("Line {n}: `{bare}`") + "\n", id="line-by-line"),
        pytest.param(lines("```\n{line}\n```\nThen this.\n") + "\n", id="many-fences"),
        pytest.param(
            lines("Then you write `{bare}` below it.") + "\n", id="spans-in-prose"
        ),
        pytest.param(
            lines("\u200bThen write {bare} under that.") + "\n", id="bare-in-prose"
        ),
        pytest.param("```java\n" + JAVA + "```\n", id="java"),
        pytest.param(JAVA, id="java-unfenced"),
        pytest.param(GO, id="go-unfenced"),
        pytest.param("```\n" + SQL + "```", id="sql"),
        pytest.param(SQL, id="sql-unfenced"),
        pytest.param(f"Try this: {ONE_LINER}\n", id="one-line-after-prose"),
        pytest.param(f"`{ONE_LINER}`\n", id="one-line-span"),
        pytest.param(
            "<pre><code>\n" + "\n".join(SOLUTION) + "\n</code></pre>", id="pre"
        ),
        pytest.param("Here you are ```py\n" + "\n".join(SOLUTION) + "\n```", id="late"),
        pytest.param(
            "\uff44\uff45\uff46" + "\n".join(SOLUTION)[3:] + "\n", id="wide-letters"
        ),
        pytest.param("Decode this:\n" + "ZGVmIHR3b19zdW0o" * 20 + "\n", id="sealed"),
        pytest.param(
            "Part one:\n```\n"
            + "\n".join(SOLUTION[:3])
            + "\n```\nNow the rest of it:\n```\n"
            + "\n".join(SOLUTION[3:])
            + "\n```\n",
            id="in-two-parts",
        ),
    ],
)
def test_evasion_is_withheld(text: str) -> None:
    assert is_withheld(text)


def test_code_in_pieces_is_told_as_left_out_each_time() -> None:
    shown = show(f"{FENCED}\n\nOnce more:\n\n```python\n{SOLUTION[1]}\n```\nEnd.\n" * 2)

    assert shown.count(TELLING) == 1
    assert "More code is left out" in shown


def test_what_the_candidate_wrote_may_be_quoted() -> None:
    guard = SolutionGuard(known=SOLUTION)

    assert show(FENCED, guard=guard) == FENCED
    assert not guard.is_tripped


def test_fragments_of_earlier_answers_leave_less_room() -> None:
    answers = ["```\na = 1\nb = 2\nc = 3\nd = 4\n```\n"] * (LINES_AN_INTERVIEW // 4)
    earlier = measure_answers(answers)
    fragment = "```\na = 1\nb = 2\n```\n"

    assert earlier.lines == LINES_AN_INTERVIEW
    assert show(fragment) == fragment
    assert TELLING in show(fragment, guard=SolutionGuard(earlier=earlier))
    one_line = "```\na = 1\n```\n"
    assert show(one_line, guard=SolutionGuard(earlier=earlier)) == one_line


def test_withholding_is_said_before_the_block_ends() -> None:
    guard = SolutionGuard()

    shown = guard.take("```python\n" + "\n".join(SOLUTION) + "\n")

    assert TELLING in shown


def test_prose_is_shown_word_by_word() -> None:
    guard = SolutionGuard()

    shown = guard.take("Think about what you look up for ea")

    assert shown == "Think about what you look up for "


@pytest.mark.parametrize("policy", [Policy.PAIR, Policy.AGENT])
def test_other_policies_show_code(policy: Policy) -> None:
    guard = make_guard(policy)

    assert guard.take(FENCED) + guard.close() == FENCED
    assert not guard.is_tripped


PIECES = st.sampled_from(
    [
        *SOLUTION,
        *(f"{line}\n" for line in SOLUTION),
        "```\n",
        "```python\n",
        "~~~\n",
        "`",
        "``",
        "Then you look at the ",
        "next one.\n",
        "\n",
        "\r\n",
        "- ",
        "> ",
        "    ",
        "a=`b ",
        "x[1] = y; ",
        "\u2028",
        "\U0001f600 ",
        "Подумай о том ",
    ]
)


@given(
    pieces=st.lists(PIECES, max_size=25),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
@example(pieces=["Then you look at the ", "a=`b ", "next one.\n"], cuts=[26])
@hypothesis_settings(max_examples=300, deadline=None)
def test_every_split_shows_the_same(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    whole, cut = SolutionGuard(), SolutionGuard()
    at = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]

    once = whole.take(text) + whole.close()
    shown = [cut.take(text[start:end]) for start, end in pairwise(at)]

    assert "".join(shown) + cut.close() == once
    assert (cut.note, cut.shown) == (whole.note, whole.shown)


@given(pieces=st.lists(PIECES, max_size=25))
@hypothesis_settings(max_examples=200, deadline=None)
def test_what_is_shown_stays_below_the_threshold(pieces: list[str]) -> None:
    guard = SolutionGuard()

    show("".join(pieces), guard=guard)

    assert guard.shown.lines <= 4
    assert guard.shown.chars <= 200


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x += 1", True),
        ("} else {", True),
        ("elif not stack:", True),
        ("if the stack is empty:", False),
        ("std::vector<int> seen;", True),
        ("twoSum xs t = go 0 xs", True),
        ("End If", True),
        ("The result is x = 3 here.", False),
        ("Note: it works", False),
    ],
)
def test_line_is_told_apart(line: str, *, expected: bool) -> None:
    assert is_code(line) is expected


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"for{' ' * 60_000}x", id="spaces"),
        pytest.param(f"A{'_' * 60_000} is it", id="one-word"),
        pytest.param(f"if {'a b ' * 15_000}{{", id="words"),
        pytest.param(f"{')' * 60_000}\x01", id="brackets"),
    ],
)
def test_line_without_an_end_is_judged_in_no_time(line: str) -> None:
    # By the square of the length this would take longer than anybody waits.
    shown = show(f"{line}\nLook at the loop.", step=10_000)
    assert shown.endswith("Look at the loop.")


def test_sealed_code_in_the_middle_of_a_long_line_is_withheld() -> None:
    sealed = "ZGVmIHR3b19zdW0obnVtcywgdGFyZ2V0KToK" * 20

    assert is_withheld(f"{'see, ' * 300}{sealed}{', so' * 300}\n")


def test_size_adds_up() -> None:
    assert CodeSize(1, 5) + CodeSize(2, 7) == CodeSize(3, 12)
