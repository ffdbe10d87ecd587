import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker, Known, Question, answer_of
from spawn.aws.ssm import GET_PARAMETER, parameter
from spawn.aws.sts import GET_CALLER_IDENTITY
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Parameters

SIDE_BY_SIDE = 8


class Together:
    """Answers only when all are asking, so that all answers are there at once."""

    def __init__(self) -> None:
        self.everybody = threading.Barrier(SIDE_BY_SIDE)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer nothing in particular."""
        self.everybody.wait(timeout=10)
        return {}


def test_answers_are_understood_one_at_a_time() -> None:
    """Questions are asked side by side, and no two answers are ever read at the same time."""
    reading = threading.Lock()
    company = threading.Event()

    def understand(answer: Answer) -> bool:
        alone = reading.acquire(blocking=False)
        company.wait(0.01)  # another reader would come meanwhile
        if alone:
            reading.release()
        return alone

    question = Question(
        operation=GET_CALLER_IDENTITY, parameters={}, region="eu-west-1", understand=understand
    )
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        asker = Asker(Together(), pool)
        waiting = [asker.ask(question) for _ in range(SIDE_BY_SIDE)]
        assert [wait() for wait in waiting] == [Known(value=True)] * SIDE_BY_SIDE


class Stranger:
    """Answers in AWS's place."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer anything with the same."""
        return self.answer


@pytest.mark.parametrize("answer", [{}, {"Parameter": None}, {"Parameter": {"Name": 1}}])
def test_an_answer_of_another_shape_is_told(answer: Answer) -> None:
    """What AWS would never answer is no defect of ours: something else is in between."""
    question = Question(
        operation=GET_PARAMETER, parameters={}, region="eu-west-1", understand=parameter
    )
    with pytest.raises(AwsRefusal, match="what answered ssm:GetParameter can't be understood"):
        answer_of(Stranger(answer), question)
