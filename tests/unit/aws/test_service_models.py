"""A model that is read as far as it is needed is botocore's own."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.model import ServiceModel

from spawn.aws.service_models import ServiceModels
from spawn.aws.table import OPERATIONS as BY_KEY
from spawn.aws.table import SERVICES, operations_of

KIND = "service-2"
OPERATIONS = tuple(BY_KEY.values())


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_what_is_called_is_described_as_botocore_has_it(service: str) -> None:
    """Every operation of the table that a service has, with all that its input can hold."""
    whole = botocore.session.Session().get_component("data_loader")
    theirs = ServiceModel(whole.load_service_model(service, KIND), service)
    ours = ServiceModel(ServiceModels(operations_of).load_service_model(service, KIND), service)
    names = {one.name for one in OPERATIONS if one.service == service}
    assert names <= {*ours.operation_names}
    assert {*ours.shape_names} == {*theirs.shape_names}
    for name in ours.operation_names:
        assert described(ours, name) == described(theirs, name)
    assert [shape.name for shape in ours.error_shapes] == [s.name for s in theirs.error_shapes]


def described(model: ServiceModel, name: str) -> list[object]:
    """What a model says of an operation: how it is called, and its members with their kinds."""
    operation = model.operation_model(name)
    shapes = [shape for shape in (operation.input_shape, operation.output_shape) if shape]
    members = [
        (member, shape.members[member].type_name, dict(shape.members[member].serialization))
        for shape in shapes
        for member in shape.members
    ]
    return [operation.http, *members]
