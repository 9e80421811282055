"""Execute the chapters and write them small: text outputs only, nothing that differs by run.

python tools/notebooks.py [book/05_coins.ipynb ...]
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
sys.path.append(str(BOOK))
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
DROPPED_TYPES = ("image/", "application/vnd.")
SOURCES = "em_sources"  # of which code the outputs are, so that a forgotten execution is seen
FOLDED = {"hide-input", "remove-input", "slide-only"}  # on the page, so in JupyterLab too
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def chapters() -> list[Path]:
    """The notebooks of the book."""
    return sorted(BOOK.glob("*.ipynb"))


def listing_source(names: str) -> str:
    """The source of listings, as their chapter shows it; "module.name" is one of the book's own."""
    places = [("em_core.listings." + name).split(".")[-2:] for name in names.split()]
    modules = [
        importlib.import_module({"listings": "em_core.listings"}.get(m, m)) for m, _ in places
    ]
    sources = [inspect.getsource(getattr(m, n)) for m, (_, n) in zip(modules, places, strict=True)]
    return "\n\n".join(sources).rstrip()


def refresh_listings(notebook: nbformat.NotebookNode) -> None:
    """Put the tested source into every cell that shows a listing."""
    for cell in notebook.cells:
        if "listing" in cell.metadata:
            cell.source = listing_source(cell.metadata["listing"])


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop pictures, widgets, times and random ids, fold what only draws; a second call is idle."""
    executed_from = notebook.metadata.get(SOURCES)
    notebook.metadata = nbformat.from_dict(METADATA)
    if executed_from:
        notebook.metadata[SOURCES] = executed_from
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    executed = 0
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
        if FOLDED & set(cell.metadata.get("tags", [])):
            cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
        if cell.cell_type == "code":
            executed += 1
            cell.execution_count = executed
            cell.outputs = _normal_outputs(cell, executed)
    return notebook


def _normal_outputs(cell: nbformat.NotebookNode, count: int) -> list[nbformat.NotebookNode]:
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return []
    for output in cell.outputs:
        if "execution_count" in output:
            output.execution_count = count
        if "text" in output:
            output.text = ADDRESS.sub("0x0", output.text)
        if "data" in output:
            output.metadata = nbformat.from_dict({})
            output.data = nbformat.from_dict(
                {
                    mime: ADDRESS.sub("0x0", data) if isinstance(data, str) else data
                    for mime, data in output.data.items()
                    if not mime.startswith(DROPPED_TYPES)
                }
            )
    return list(cell.outputs)


def sources_digest(notebook: nbformat.NotebookNode) -> str:
    """Digest of the code cells."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()[:16]


def execute(path: Path) -> None:
    """Run one notebook from top to bottom and write it back."""
    notebook = nbformat.read(path, as_version=4)
    refresh_listings(notebook)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(BOOK)}},
    )
    client.execute()
    notebook.metadata[SOURCES] = sources_digest(notebook)
    nbformat.write(normalise(notebook), path)


def main(names: list[str]) -> None:
    paths = [Path(name) for name in names] or chapters()
    for number, path in enumerate(paths, start=1):
        print(f"-- {number}/{len(paths)} {path.name}", flush=True)
        execute(path)


if __name__ == "__main__":
    main(sys.argv[1:])
