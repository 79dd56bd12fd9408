"""A long piece of advice, for watching a long answer stream."""

from __future__ import annotations

_PARAGRAPHS = (
    "## Reading the task\n\nStart by reading the task twice. The first time, read it "
    "as a user would: what goes in, what comes out, and who cares about the answer. "
    "The second time, read it as the person who has to make it fail: which inputs are "
    "missing from the examples, which words are vague, and which limit is mentioned "
    "only in passing. Write each of those down as a question. Most of them you can "
    "answer yourself by looking at the visible tests, and the few that remain are "
    "worth saying aloud, because saying an assumption aloud costs a sentence and "
    "correcting one late costs half an hour.",
    "## Choosing an example\n\nPick one example that is small enough to work out on "
    "paper and large enough to need every step. Work through it by hand and notice "
    "what your hand does without being told. When you skip over an element because it "
    "was already handled, your program needs a set or a mark. When you look back at "
    "the previous line, it needs to remember something. When you cross out and start "
    "again, it needs a way to undo. The hand usually knows the algorithm before the "
    "head has a name for it, and naming it afterwards is much easier.",
    "## Choosing the data\n\nThe choice of data structure decides most of what "
    "follows. If the main question is whether something was seen, use a set. If it is "
    "how often, use a dictionary of counts. If it is what comes next in order of "
    "arrival, use a queue; in order of size, a heap. Ask what the innermost loop does "
    "and choose the structure that makes that one operation cheap. Then check that "
    "building the structure does not cost more than it saves, which for small inputs "
    "it sometimes does, and say so when you explain your choice.",
    "## Writing the first version\n\nWrite the plainest version that could be right. "
    "Give each function one promise and put the promise into its name. Keep reading "
    "of input apart from the computation, so that the computation can be tested with "
    "ordinary values. Return early for the empty case and the single element, since "
    "that leaves the rest of the body free to assume that there is something to work "
    "on. Do not make it fast yet. A slow version that is right is a tool: it checks "
    "the fast version later, on inputs too large to work out by hand.",
    "## Running the tests\n\nRun the visible tests early, while most of them still "
    "fail, so that you know how a failure looks before you need to trust a success. "
    "Take the failures one at a time, the simplest first. Read the assertion from "
    "right to left: what was expected, what came instead, and which line produced it. "
    "Change one thing, run again, and keep the change only if the result moved the "
    "way you predicted. A change that helps for a reason you can not name is a debt, "
    "and it tends to be collected by the next test.",
    "## Debugging\n\nWhen a result surprises you, halve the distance to the surprise. "
    "Print the state in the middle of the computation and decide whether it is "
    "already wrong there. If it is, look earlier; if it is not, look later. Five "
    "halvings are enough for almost any function of this size. Prefer printing a "
    "whole small structure over a single value, because the mistake is often in the "
    "neighbour you did not print. Remove the prints when you are done, or turn the "
    "best of them into a test that would have caught the mistake.",
    "## Edges and limits\n\nWhen the visible tests pass, look for the edges on "
    "purpose. Try nothing, one thing, two equal things, things in reverse order, and "
    "the largest input the task allows. Count the work: if the largest input has ten "
    "thousand elements, a loop inside a loop does a hundred million steps, and that "
    "is too slow for a few seconds of Python. State the cost in words before you "
    "improve it. Sometimes sorting first, or remembering one more value, removes the "
    "inner loop without making the code any harder to read.",
    "## Working with an assistant\n\nAn assistant is most useful when you know what "
    "you would accept as an answer. Ask about one thing, say what you have tried and "
    "what you expected, and read what comes back as you would read a colleague's "
    "change: line by line, looking for the case it forgot. Keep the part that you can "
    "explain and rewrite the part that you can not. If a suggestion passes the tests "
    "but you would not be able to defend it, ask for the reason, or replace it with "
    "something plainer that you are able to defend.",
    "## Finishing\n\nLeave a few minutes for the end. Read your code from the top as "
    "if somebody else had written it, rename what made you stop, and delete what is "
    "no longer used. Say in two sentences what the solution does, what it costs, and "
    "what you would do next with more time. A reviewer remembers those two sentences "
    "longer than any clever line, and they often show you the last mistake as well.",
)
LONG_ANSWER = "\n\n".join(_PARAGRAPHS)
