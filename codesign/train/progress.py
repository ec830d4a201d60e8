"""A progress bar for training, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from codesign.train.training import Progress


@contextmanager
def progress_bar(console: Console | None = None) -> Iterator[Callable[[Progress], None]]:
    """Draw a bar while the block runs; gives what `train` takes as `progress`.

    Args:
        console: to draw on; standard error without it.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console or Console(stderr=True), transient=True) as bar:
        task = bar.add_task("train: starting TensorFlow", total=None)

        def show(progress: Progress) -> None:
            if progress.last is None:
                return
            quality = progress.last.validation_accuracy
            shown = progress.last.accuracy if quality is None else quality
            bar.update(
                task,
                total=progress.total,
                completed=progress.done,
                description=f"train: {'accuracy' if quality is None else 'validation accuracy'} {shown:.1%}",
            )

        yield show
