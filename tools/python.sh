#!/bin/sh
# Runs its arguments with the first Python >= 3.11 that it finds and that can make a virtual environment.
# A POSIX shell script because it comes before any Python: `sh tools/python.sh -m tools.setup page up`.

[ -f .venv/.stamp ] && ours=.venv/bin/python
found= without_venv=
for python in "${PYTHON:-}" "${ours:-}" python3 python3.14 python3.13 python3.12 python3.11; do
  version=$([ -n "$python" ] && "$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    found="$found $version"
  elif [ "$python" != "${ours:-}" ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    without_venv="python$version-venv"
  else
    exec "$python" "$@"
  fi
done

if [ -n "$without_venv" ]; then
  echo "error: Python's venv module is missing: run \`sudo apt-get install $without_venv\` and try again" >&2
else
  echo "error: Python 3.11 or newer is needed, found${found:- none}: install it, or name it with PYTHON=/path/to/python3.11" >&2
fi
exit 1
