"$KPEEK" info --json | python3 -c "import json, os, sys; i = json.load(sys.stdin); print(i['live'], i['os'], i['release'] == os.uname().release)"
