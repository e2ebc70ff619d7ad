"""What the app's own code adds to a cold start: importing function_app, next to importing only the libraries it stands on."""

from functools import partial

from bench.figures import keep
from bench.timing import medians, python_cpu_seconds

ROUNDS = 15
LIBRARIES = "import azure.functions, azure.durable_functions, pydantic"
APP = "import function_app"
GOAL = 1.4


def main() -> None:
    libraries, app = medians(ROUNDS, [partial(python_cpu_seconds, LIBRARIES), partial(python_cpu_seconds, APP)])
    print(f"imports: the libraries {libraries:.3f} s of processor time, function_app {app:.3f} s")
    keep("import_ratio", app / libraries)
    print(f"imports: ratio {app / libraries:.2f} (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
