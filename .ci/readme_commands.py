"""Print one of the commands that README.md marks with ``<!-- ci: NAME -->``."""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
MARKED_BLOCK = r"^<!-- ci: {name} -->\n+```\w*\n(.*?)^```$"


def readme_command(text, name):
    blocks = re.findall(MARKED_BLOCK.format(name=re.escape(name)), text, re.M | re.S)
    if len(blocks) != 1:
        raise SystemExit(
            f"README.md marks {len(blocks)} blocks with <!-- ci: {name} -->, not 1"
        )
    lines = blocks[0].strip().splitlines()
    if len(lines) != 1:
        raise SystemExit(f"the block <!-- ci: {name} --> has {len(lines)} lines, not 1")
    return lines[0]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: readme_commands.py NAME")
    print(readme_command(README.read_text(encoding="utf-8"), sys.argv[1]))
