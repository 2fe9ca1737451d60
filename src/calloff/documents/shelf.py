"""Where documents of a kind lie, and how one is found and read: by its id among the shipped ones, or by its path."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.wrong_kinds import wrong_kind


@dataclass(frozen=True)
class Shelf:
    """The documents of one kind that Calloff ships: the folder's name, and what one is called."""

    name: str
    kind: str

    @property
    def folder(self) -> Path:
        return Path(str(files("calloff.documents") / self.name))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the shipped documents, in order."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.yaml")))

    def find(self, id_or_path: str, beside: Path | None = None) -> Path:
        """The file of a document; BadInputError names the ids there are."""
        candidates = [Path(id_or_path)] if id_or_path.endswith((".yaml", ".yml")) else []
        folders = [folder for folder in (beside, self.folder) if folder is not None]
        candidates += [folder / f"{id_or_path}.yaml" for folder in folders]
        for path in candidates:
            if path.is_file():
                return path
        if Path(id_or_path).is_dir():
            raise BadInputError(f"{id_or_path}: this is a folder; give one of the documents in it")
        if Path(id_or_path).exists():
            raise BadInputError(f"{id_or_path}: the name of a {self.kind}'s file ends in .yaml, and this one does not")
        known = ", ".join(self.ids)
        raise BadInputError(f"there is no {self.kind} {id_or_path!r}; write the path of a file or one of: {known}")

    def text_of(self, path: Path) -> str:
        """A document's text, or one plain line that says what the file is instead."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadInputError(f"{path}: cannot be read: {error.strerror or error}") from error
        kind = wrong_kind(data)
        if kind is not None:
            remedy = "save it as text in UTF-8" if kind.saves_as_text else f"give a {self.kind} as YAML"
            raise BadInputError(f"{path}: this is {kind.name}, not a document; {remedy}")
        try:
            # However an editor ends the lines, the text and so its hash are the same.
            return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise BadInputError(f"{path}:{line}: cannot be read as text in UTF-8; save it so") from error

    def shown(self, path: Path) -> str:
        """A shipped document by its place in the package, so that no record holds a path of a machine."""
        return f"{self.name}/{path.name}" if path.parent == self.folder else str(path)
