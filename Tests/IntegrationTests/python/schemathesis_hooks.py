"""What schemathesis must know of Roost besides its document."""

import schemathesis

KEPT = ["kept", "talker", "hf.co%2Fuser%2Frepo:Q8_0"]
SPARE = [f"spare{number}" for number in range(8)]


def place(text, count):
    """One of `count`, always the same for a text."""
    return sum(ord(character) for character in str(text)) % count


@schemathesis.hook
def before_call(context, case, kwargs):
    """Names of models that are there in half of the cases, and streams that end."""
    parameters = case.path_parameters or {}
    name = parameters.get("name")
    # What the document does not allow is sent as it is.
    if isinstance(name, str) and 0 < len(name) <= 100 and place(name, 2) == 0:
        names = SPARE if case.operation.method.upper() == "DELETE" else KEPT
        case.path_parameters = {**parameters, "name": names[place(name, len(names))].replace("%2F", "/")}
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("model"), str) and place(body["model"], 2) == 0:
        case.body = {**body, "model": KEPT[place(body["model"], 2)]}
    if case.operation.path.endswith("/events"):
        query = case.query or {}
        if is_duration(query.get("seconds", 0)):
            case.query = {**query, "seconds": 0.05}


def is_duration(value):
    """Whether it is a time that the document allows: what it does not is sent as it is."""
    try:
        return 0 <= float(value) <= 86400
    except (TypeError, ValueError):
        return False
