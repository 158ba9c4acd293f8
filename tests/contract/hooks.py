"""What schemathesis is told beyond the contract."""

import schemathesis

# The most rows of a kind that tests/contract/run and `andon seed` make, about.
ROWS = 5


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Numbers that mean something half the time: by chance alone hardly one would be a row's."""
    for name, value in (path_parameters or {}).items():
        if isinstance(value, int) and not isinstance(value, bool) and value > ROWS and value % 2:
            path_parameters[name] = value % ROWS + 1
    return path_parameters
