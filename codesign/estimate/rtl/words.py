"""How the bits of a node's words stand to the outputs and inputs of its logic, as `rtl.node_module` joins them."""

from __future__ import annotations

from collections.abc import Sequence

from alkaid.types import CombLogic

from codesign.estimate.rtl.spans import Span


def output_masks(last: CombLogic, words: Sequence[int]) -> tuple[int, ...]:
    """The bits of each output of a pipeline's last stage that are in some bits of the result's words.

    Args:
        last: the stage.
        words: for each number of the result, a mask of the bits that are needed.
    """
    fractions = last.out_kifs[2].tolist()
    return tuple(word >> max(-int(fraction), 0) for word, fraction in zip(words, fractions, strict=True))


def result_spans(last: CombLogic, outputs: Sequence[Span]) -> tuple[Span, ...]:
    """The bits of each number of the result that vary.

    Args:
        last: the last stage.
        outputs: of its outputs.
    """
    return tuple(
        span if span.is_constant else span.moved(max(-int(fraction), 0))
        for span, fraction in zip(outputs, last.out_kifs[2].tolist(), strict=True)
    )


def input_spans(first: CombLogic, words: Sequence[Span]) -> tuple[Span, ...]:
    """The bits of each input of the first stage that vary, from those of the numbers that are read."""
    return tuple(
        span.moved(-max(-int(fraction), 0)).within(int(signed + integers + fraction))
        for span, (signed, integers, fraction) in zip(words, first.inp_kifs.T.tolist(), strict=True)
    )


def input_words(first: CombLogic, needed: Sequence[int]) -> tuple[int, ...]:
    """The bits of each number that a pipeline reads of which its first stage needs some.

    Args:
        first: the stage.
        needed: for each input, a mask.
    """
    return tuple(
        int(mask) << max(-int(fraction), 0) for mask, fraction in zip(needed, first.inp_kifs[2].tolist(), strict=True)
    )
