"""Numbers as people write them: one decimal sign and one thousands separator for a whole table.

``1.025`` beside ``963`` is one thousand and twenty-five; ``1.025`` beside ``1.5`` is not. Only all
cells of a table together tell which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError, counted

MISSING = (
    "", "NA", "N/A", "n/a", "na", "NaN", "nan", "-nan", "NULL", "null", "Null", "None", "none",
    "<NA>", "#N/A", "#NV", "-", "--", "---", "?", ".", "..", "…", "–", "—", ":", "\\N", "NaT",
    "n.a.", "N.A.", "n.d.", "k.A.", "k. A.", "nd", "ND", "N/D", "s/d", "nil", "missing", "Missing",
    "(null)", "#VALUE!", "#DIV/0!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#WERT!", "#BEZUG!",
)  # fmt: skip
_CURRENCIES = (
    "R$", "US$", "A$", "C$", "NZ$", "HK$", "S$", "MX$", "$", "€", "£", "¥", "₹", "₽", "₩",
    "₺", "₱", "฿", "₪", "₫", "₦", "zł", "kr.", "kr", "Kč", "Ft", "Fr.", "Rs.", "Rs", "RM", "EUR",
    "USD", "GBP", "CHF", "JPY", "INR", "CNY", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD", "BRL",
    "CZK",
)  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in _CURRENCIES)
_CURRENCY = rf"^([+-]?)\s*(?:{_SIGN})\s*|\s*(?:{_SIGN})$"
_SENTINEL = r"-(?:9{2,6}|9{3}\.0?9+|32768|2147483648)"
_SPACES = "\u00a0\u202f\u2009\u2007"
# Thousands separators; a space stands for every kind of space, an apostrophe for both kinds.
_THOUSANDS = (",", ".", " ", "'", "_")


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a table are written.

    Args:
        decimal: "." or ",".
        thousands: separator between groups of three digits; "" for none.
    """

    decimal: str = "."
    thousands: str = ""

    def options(self, cells: Iterable[pd.Series]) -> dict[str, str]:
        """The style as options of ``read_panel``, where some cells have one of its signs."""
        texts = [cell for column in cells for cell in _number_cells(column)]
        if not any(
            sign in text for text in texts for sign in {self.decimal, self.thousands} - {""}
        ):
            return {}
        return {"decimal": self.decimal, "thousands": self.thousands or "none"}


def style_of(
    columns: Iterable[pd.Series],
    separator: str,
    *,
    decimal: str | None = None,
    thousands: str | None = None,
) -> tuple[NumberStyle, tuple[str, ...]]:
    """Find the one style in which the numbers of a table are written.

    Args:
        columns: columns of text; cells that are no number in any style are ignored.
        separator: between the cells of a line: semicolons go with decimal commas.
        decimal, thousands: what the user gave; None to find it.

    Returns:
        The style, and sentences about it if it is not the plain one.

    Raises:
        UserError: the cells fit two styles, and nothing tells which is meant.

    Example:
        >>> style_of([pd.Series(["1.025", "963"])], ";")[0]
        NumberStyle(decimal=',', thousands='.')
    """
    if decimal is not None or thousands is not None:
        return _given(decimal, thousands), ()
    cells = [found for column in columns if (found := _number_cells(column))]
    style = _by_evidence(cells, separator)
    everything = [cell for column in cells for cell in column]
    notes = []
    if style.thousands:
        example = next((cell for cell in everything if style.thousands in cell), "")
        notes.append(
            f"{_name(style.thousands)} in numbers such as {example!r} were read as thousands "
            "separators (--thousands and --decimal to change it)."
        )
    broken = [cell for cell in everything if "." in cell]
    if style == NumberStyle() and broken and all(_grouped(cell, ".") for cell in broken):
        notes.append(
            f"Points in numbers such as {broken[0]!r} were read as decimal signs (--thousands . to "
            "change it)."
        )
    if style.decimal == "," and any("," in cell for cell in everything):
        notes.append("Numbers were read with decimal commas (--decimal to change it).")
    return style, tuple(notes)


def parse_numbers(cells: pd.Series, style: NumberStyle) -> np.ndarray:
    """Convert texts to float64, NaN where a cell is empty or not a number.

    Currency signs and percent signs are removed (12 % is 12); parentheses and a minus at the end
    are negative signs.

    Args:
        cells: texts, numbers or missing values.
        style: how the numbers are written.

    Example:
        >>> parse_numbers(pd.Series(["1.025,5 €", "(3)", "n/a"]), NumberStyle(",", ".")).tolist()
        [1025.5, -3.0, nan]
    """
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy("float64", na_value=np.nan)
    if style == NumberStyle():
        plain = pd.to_numeric(cells, errors="coerce").to_numpy("float64", na_value=np.nan)
        if not (np.isnan(plain) & cells.notna().to_numpy()).any():
            return plain
    codes, uniques = pd.factorize(cells)
    values = np.append([_number(str(text), style) for text in uniques], np.nan)
    return values[codes]  # a missing cell has the code -1


def removed_signs(columns: Iterable[pd.Series]) -> tuple[str, ...]:
    """Sentences about the signs beside numbers that `parse_numbers` leaves out.

    Example:
        >>> removed_signs([pd.Series(["12 %", "7 %"], name="share")])
        ("Percent signs of column 'share' were left out: 12 % is 12.",)
    """
    notes = []
    for column in columns:
        if pd.api.types.is_numeric_dtype(column.dtype):
            continue
        cells = pd.Series(pd.unique(column.dropna()), dtype=object)
        odd = cells[pd.to_numeric(cells, errors="coerce").isna().to_numpy()].astype(str)
        texts = [text for cell in odd if looks_like_number(text := cell.strip())]
        percent = [text for text in texts if text.endswith("%")]
        signs = [text for text in texts if re.search(_CURRENCY, text)]
        if percent:
            told = f"{percent[0]} is {percent[0].rstrip('% ')}."
            notes.append(f"Percent signs of column {column.name!r} were left out: {told}")
        if signs:
            notes.append(f"Currency signs of column {column.name!r} were left out: {signs[0]!r}.")
    return tuple(notes)


def sentinels(columns: Iterable[pd.Series]) -> tuple[str, ...]:
    """Sentences about -999 and the like, which often stand for a missing value.

    Args:
        columns: of texts or numbers.

    Example:
        >>> sentinels([pd.Series(["3", "-999", "4"], name="flow")])[0][:57]
        "Column 'flow' contains -999 (1 row) and no other negative"
    """
    notes = []
    for column in columns:
        numbers = pd.to_numeric(column, errors="coerce")
        below = numbers[(numbers < 0).fillna(False).to_numpy(bool)]
        if (
            not len(below)
            or below.nunique() > 1
            or not re.fullmatch(_SENTINEL, f"{below.iloc[0]:g}")
        ):
            continue
        rows = counted(len(below), "row")
        notes.append(
            f"Column {column.name!r} contains {below.iloc[0]:g} ({rows}) and no other negative "
            "number; it was taken as a value. Leave these cells empty if it means a missing one."
        )
    return tuple(notes)


def looks_like_number(text: str) -> bool:
    """Whether a text is a number in some style.

    Example:
        >>> [looks_like_number(text) for text in ("1.025,5 €", "1,234", "7-Jan", "12 %")]
        [True, True, False, True]
    """
    cell = _bare(text)
    styles = (NumberStyle(), *(NumberStyle(d, t) for t in _THOUSANDS for d in ".," if d != t))
    return any(re.fullmatch(_pattern(style), cell) for style in styles)


def _number_cells(column: pd.Series) -> list[str]:
    """Different cells of a column of text that are numbers, without currency signs.

    Of plain numbers those are enough that prove the decimal sign.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return []
    cells = pd.Series(pd.unique(column.dropna()), dtype=object)
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy("float64", na_value=np.nan)
    if not np.isnan(numbers).any():
        broken = numbers != np.round(numbers)
        thousandths = numbers[broken] * 1000
        if not broken.any():
            return []
        proof = np.abs(thousandths - np.round(thousandths)) > 1e-6 * np.abs(thousandths)
        if proof.any():
            return [str(cells[broken].iloc[int(np.argmax(proof))])]
    bare = dict.fromkeys(map(_bare, cells.astype(str)))
    return [cell for cell in bare if cell and looks_like_number(cell)]


def _given(decimal: str | None, thousands: str | None) -> NumberStyle:
    thousands = {"none": "", "space": " ", "\u2019": "'"}.get(thousands or "", thousands or "")
    if decimal is None:
        decimal = "," if thousands == "." else "."
    if decimal not in (".", ",") or thousands not in ("", *_THOUSANDS) or decimal == thousands:
        raise UserError(
            f"--decimal is {decimal!r} and --thousands is {thousands!r}.",
            "a decimal sign of . or , and another sign (or space or none) between thousands.",
            "give for example --decimal , --thousands . (or --thousands none).",
        )
    return NumberStyle(decimal, thousands)


def _by_evidence(columns: Sequence[Sequence[str]], separator: str) -> NumberStyle:
    """The style that the cells prove, or else the usual one; an error if nothing tells."""
    cells = [cell for column in columns for cell in column]
    groups = next((sign for sign in " '_" if any(_grouped(cell, sign) for cell in cells)), "")
    roles = {sign: {_role(column, sign, separator) for column in columns} for sign in ".,"}
    decimals, thousands = (
        [sign for sign in ".," if role in roles[sign]] for role in ("decimal", "thousands")
    )
    if set(decimals) & set(thousands) or len(decimals) > 1 or len(thousands) > 1:
        raise _mixed(cells, (decimals or thousands)[0])
    if decimals or thousands:
        decimal = decimals[0] if decimals else "," if thousands == ["."] else "."
        other = "," if decimal == "." else "."
        return NumberStyle(decimal, groups or (other if roles[other] - {None} else ""))
    open_signs = [sign for sign in ".," if "open" in roles[sign]]
    if not open_signs or groups:
        return NumberStyle(open_signs[0] if open_signs else ".", groups)
    usual = _USUAL.get((separator, open_signs[0]))
    if usual is None:
        raise _ambiguous(next(cell for cell in cells if open_signs[0] in cell), open_signs[0])
    return usual


# What a sign before three digits means in files with a separator: between commas a comma is quoted,
# so it separates thousands; semicolons go with decimal commas. The user is asked about the others.
_USUAL = {
    (",", "."): NumberStyle("."),
    (",", ","): NumberStyle(".", ","),
    (";", ","): NumberStyle(","),
}


def _role(cells: Sequence[str], sign: str, separator: str) -> str | None:
    """What a column proves a sign to be: "decimal", "thousands" or "open"; None: it has none."""
    used = [cell.lstrip("+-") for cell in cells if sign in cell]
    if not used:
        return None
    other = "," if sign == "." else "."
    if any(cell.count(sign) > 1 or 0 <= cell.find(sign) < cell.find(other) for cell in used):
        return "thousands"
    plain = [cell.lstrip("+-") for cell in cells if sign not in cell]
    # Before three digits it may be either.
    three = rf"[1-9]\d{{0,2}}\{sign}\d{{3}}"
    if not all(re.fullmatch(three, cell) for cell in used):
        return "decimal"
    if any(re.fullmatch(r"\d{4,}", cell) for cell in plain):
        # Thousands may have a separator in some cells only: 1,015 next to 1002.
        closer = _by_spread(used, plain, sign)
        quoted = (separator, sign) == (",", ",")
        return "open" if closer == "thousands" or (quoted and closer == "open") else "decimal"
    small = any(re.fullmatch(r"\d{1,3}", cell) for cell in plain)
    if small and (separator, sign) != (",", ","):
        return _by_spread(used, plain, sign)
    return "open"


def _by_spread(used: Sequence[str], plain: Sequence[str], sign: str) -> str:
    """The reading that brings 1.025 and the whole numbers beside it closer together."""
    below = np.array([float(cell) for cell in plain if re.fullmatch(r"\d+", cell)])
    spread = {}
    for role, by in (("decimal", "."), ("thousands", "")):
        values = np.append(below, [float(cell.replace(sign, by)) for cell in used])
        spread[role] = float(np.log(np.maximum(values, 1)).std())
    best = min(spread, key=lambda role: spread[role])
    return best if 1.5 * spread[best] < max(spread.values()) else "open"


def _ambiguous(example: str, sign: str) -> UserError:
    return UserError(
        f"Numbers such as {example!r} can be read in two ways: {example.replace(sign, '')} or "
        f"{example.replace(sign, '.')}.",
        "numbers that can be read in one way only.",
        f"give --thousands {sign} or --decimal {sign}.",
    )


def _mixed(cells: Sequence[str], sign: str) -> UserError:
    shown = [cell for cell in cells if sign in cell]
    return UserError(
        f"The table has numbers in two styles, such as {shown[0]!r} and {shown[-1]!r}.",
        "one decimal sign and one thousands separator in the whole table.",
        "write the numbers in one style, or give --decimal and --thousands.",
    )


def _grouped(cell: str, sign: str) -> bool:
    return bool(re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?:[.,]\d+)?", cell))


def _pattern(style: NumberStyle) -> str:
    point = re.escape(style.decimal)
    whole = r"\d+"
    if style.thousands:
        sign = re.escape(style.thousands)
        # 12,34,567 is how India writes 1,234,567.
        pairs = rf"\d{{1,2}}(?:{sign}\d{{2}})+{sign}\d{{3}}|" if style.thousands == "," else ""
        whole = rf"(?:{pairs}\d{{1,3}}(?:{sign}\d{{3}})+|\d+)"
    return rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"


def _bare(text: str) -> str:
    """The number without currency, percent and other signs around it, spaces made equal."""
    cell = text.strip().strip(_SPACES).strip()
    if cell in MISSING:
        return ""
    for space in _SPACES:
        cell = cell.replace(space, " ")
    cell = cell.replace("\u2212", "-").replace("\u2019", "'").lstrip("'")
    cell = re.sub(r'^="(.*)"$', r"\1", cell)  # a number that a spreadsheet keeps as text
    cell = re.sub(_CURRENCY, r"\1", re.sub(r"\s*%$", "", cell)).strip()
    if cell.startswith("(") and cell.endswith(")"):
        cell = "-" + re.sub(_CURRENCY, r"\1", cell[1:-1].strip())
    elif re.fullmatch(r".*\d[.,][-–—]{1,2}", cell):
        cell = cell.rstrip("-–—")[:-1]  # 12.- is a sum without cents
    elif cell.endswith("-") and len(cell) > 1:
        cell = "-" + cell[:-1].strip()
    return re.sub(r"^([+-])\s+", r"\1", cell)


def _number(text: str, style: NumberStyle) -> float:
    cell = _bare(text)
    if re.fullmatch(r"[+-]?inf(?:inity)?", cell.lower()):
        return float(cell)
    if not re.fullmatch(_pattern(style), cell):
        return np.nan
    if style.thousands:
        cell = cell.replace(style.thousands, "")
    return float(cell.replace(style.decimal, "."))


def _name(sign: str) -> str:
    return {",": "Commas", ".": "Points", " ": "Spaces", "'": "Apostrophes"}.get(
        sign, "Underscores"
    )
