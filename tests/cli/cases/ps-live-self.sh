"$KPEEK" ps --json | python3 -c "import json, os, sys; print(os.getppid() in [p['pid'] for p in json.load(sys.stdin)['processes']])"
