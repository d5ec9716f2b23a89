# What .ci/run is made of: it sources this file.
# shellcheck shell=bash
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d)"
current="start"

say() {
    printf '== %s\n' "$*"
}

# NAME COMMAND…: run the command between two lines that name it. Called plainly, never in a condition: there bash would
# not stop at a failing line of the command.
stage() {
    local began=$SECONDS
    current="$1"
    say "$current"
    "${@:2}"
    say "$current: passed in $((SECONDS - began)) s"
}

# The last line says what failed, or that nothing did.
finish() {
    local status=$?
    trap - EXIT
    if [[ -n ${others:-} ]]; then
        kill -- "-$others" 2>/dev/null || true
        wait "$others" 2>/dev/null || true
    fi
    rm -rf "$work"
    if ((status)); then say "FAILED in stage '$current' after $SECONDS s"; else say "PASSED in $SECONDS s"; fi
    exit "$status"
}

# MINOR…: the interpreter of the first of these Pythons 3.MINOR that can make a virtual environment, or nothing.
# A command may be there without a Python behind it, as pyenv's are: each one is tried.
python_of() {
    local minor candidate
    for minor in "$@"; do
        while read -r candidate; do
            if "$candidate" -c "import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
                printf '%s\n' "$candidate"
                return
            fi
        done < <(
            type -aP "python3.$minor" python3 python || true
            compgen -G "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/3.$minor.*/bin/python" || true
        )
    done
}

# The files of the checkout as they are now, without those that git ignores.
files() {
    local file
    if git -c safe.directory="$root" -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
        git -c safe.directory="$root" -C "$root" ls-files -z --cached --others --exclude-standard
    else # an unpacked archive
        (cd "$root" && find . -type f -print0)
    fi | while IFS= read -r -d '' file; do
        if [[ -e $root/$file ]]; then printf '%s\0' "$file"; fi # a deleted file is listed until that is committed
    done
}

# PACKAGE COMMAND…: Debian's package, where none of these commands is there and it may be installed. Tests that need it
# are skipped without it.
debian() {
    local name="$1" found
    shift
    found="$(command_of "$@")"
    if [[ -z $found ]] && ((EUID == 0)) && type -P apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        timeout 240 bash -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$1"' - "$name" >"$work/apt.log" 2>&1 || true
        found="$(command_of "$@")"
    fi
    say "$name: ${found:-none, so its tests are skipped}"
}

# COMMAND…: the first that is there; those of PostgreSQL are not in the path.
command_of() {
    { type -P "$@" || compgen -G "/usr/lib/postgresql/*/bin/${!#}" || true; } | head -n 1
}

# NAME PYTHON: a clean environment and a copy of the checkout for it. The checkout itself is only read.
environment() {
    mkdir -p "$work/$1/checkout"
    files | tar -C "$root" --null -cf - -T - | tar -C "$work/$1/checkout" -xf -
    "$2" -m venv "$work/$1/venv"
}

# NAME COMMAND…: run the command in that copy, with that environment active.
inside() {
    (
        cd "$work/$1/checkout"
        export VIRTUAL_ENV="$work/$1/venv" PATH="$work/$1/venv/bin:$PATH"
        "${@:2}"
    )
}

# Each lower bound in pyproject.toml, except those of the development tools, as the one version allowed.
lower_bounds() {
    python - <<'END'
import re, tomllib

project = tomllib.load(open("pyproject.toml", "rb"))["project"]
extras = project["optional-dependencies"]
wanted = [extras[name] for name in ("test", "test-all", "examples", "plot", "search", "postgresql")]
for line in sum(wanted, project["dependencies"]):
    if line.startswith("jaxsched["):
        continue
    name, bound = re.fullmatch(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", line).groups()
    print(f"{name}=={bound}")
END
}

versions() {
    python - <<'END'
import platform
from importlib.metadata import version

names = ["jax", "jaxlib", "optax", "numpy", "chex", "hypothesis", "pytest"]
print("python", platform.python_version(), *(f"{name} {version(name)}" for name in names))
END
}

# Other versions fail in what they no longer have or do otherwise, seldom in one number alone: every tenth example of
# each module of the short run, on the one core that the stages beside leave.
every=10

suite_on_oldest() {
    environment oldest "$1"
    inside oldest lower_bounds >"$work/oldest/constraints.txt"
    # not editable: this is also the test that the built wheel has everything in it
    inside oldest pip install '.[test-all,examples]' --constraint "$work/oldest/constraints.txt"
    inside oldest versions
    inside oldest pytest -n 0 --every "$every"
    inside oldest examples_besides '' 2
}

suite_on_newest() {
    environment newest "$1"
    inside newest pip install '.[test-all]'
    inside newest versions
    inside newest pytest -n 0 --every "$every"
}

# The packages are large, and no other test needs them: they have an environment of their own.
compat_beside_the_packages() {
    environment peers "$1"
    inside peers pip install '.[test,peers]'
    # its threads wait for a core by spinning, which the stages beside it need
    inside peers env OMP_NUM_THREADS=1 KERAS_BACKEND=jax pytest -n 0 --all --rest \
        tests/compat/test_{coming,live,torch_objects}.py tests/compat/test_way_back*.py \
        tests/compat/test_{keras,transformers}.py::test_all_of_the_package_is_here
}

# COMMANDS [N]: run every N-th example but those that are in these commands, in short where an example can be.
examples_besides() {
    local script short seen=0
    for script in examples/*.py; do
        if [[ $1 == *"$script"* ]] || ((seen++ % ${2:-1})); then continue; fi
        short=()
        if grep -q '"--short"' "$script"; then short=(--short); fi
        say "$script" "${short[@]}"
        python "$script" "${short[@]}"
    done
}
