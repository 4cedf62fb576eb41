"""Words in dates, made equal: months, weekdays, quarters, hours and zones in several languages."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

# The first letters of the months' names, enough to tell them apart: English, German, French,
# Spanish, Italian, Portuguese and Dutch, without accents.
_MONTH_NAMES = (
    "jan|ene|gen|janv",
    "feb|fev|fevr",
    "mar|maer|mars|mrt|maa|marz|mrz",
    "apr|avr|abr",
    "may|mai|mag|mei",
    "jun|juin|giu",
    "jul|juil|lug",
    "aug|aou|ago",
    "sep|set|sept",
    "oct|okt|ott|out",
    "nov",
    "dec|dez|dic",
)
_MONTH_OF = {
    name: month for month, names in enumerate(_MONTH_NAMES, 1) for name in names.split("|")
}
# Hours from UTC. Abbreviations that mean several zones far apart, such as IST, are left out.
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1,
    "mesz": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9, "kst": 9, "aest": 10, "aedt": 11,
    "nzst": 12, "nzdt": 13, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
ZONE = (
    rf"(?:(?:utc|gmt)[+-]\d{{1,2}}(?::?\d{{2}})?|{'|'.join(sorted(_ZONES, key=len, reverse=True))}"
    r"|[+-]\d{2}:?\d{2}|[+-]\d{2})"
)
# English, German, French, Spanish, Italian and Dutch; "mar" is also March, see _WEEKDAY.
_WEEKDAY_NAMES = (
    r"(?:mon|tues?|wed|thu|thurs?|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?",
    "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so",
    "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mer|jeu|ven|sam|dim",
    "lunes|martes|miercoles|jueves|viernes|sabado|domingo|mie|jue|vie|sab|dom",
    "lunedi|martedi|mercoledi|giovedi|venerdi|domenica|gio",
    "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|wo|vr|za|zo",
)
_DAY_NAME = f"(?:{'|'.join(_WEEKDAY_NAMES)})"
_WEEKDAY = rf"^(?:{_DAY_NAME}|mar(?=[., ]+\d{{1,2}}(?:[-/.]\d| (?:de )?[a-z])))[., ]+"
_EAST_ASIAN = str.maketrans({"年": "-", "月": "-", "日": " ", "년": "-", "월": "-", "일": " "})
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
# Each pattern with its replacement, applied in this order to lower case without accents.
_WITH_LETTERS = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"\[[a-z_/]+\]$| ?\((?:[a-z]{3,4})(?:/[a-z]{3,4})?\)$", ""),  # [Europe/Berlin], (CET)
        (r"\b(\d{1,2})(?:st|nd|rd|th|er|ro|to|o)\b\.?", r"\1"),
        (r"\b([ap])\. ?m\b\.?", r"\1m"),
        (r"^(?:w/[ce]|week (?:commencing|beginning|starting|ending|of)|from|vom|ab|du)[: ]+", ""),
        (r"^(\d{1,2})\. ?(?:kw|woche|week|semaine)\b", r"kw\1"),
        (_WEEKDAY, ""),
        (rf"[., ]+\(?{_DAY_NAME}\.?\)?$", ""),
        (r"\b(?:of|the) | (?:del?|of)(?= )", " "),
        (r"\b(?:quarter|quartal|qtr|trimestre|trimester|trim|kwartaal|kvartal|kwartal)\b\.?", "q"),
        (r"\bq ([1-4])\b", r"q\1"),
        (r"^t([1-4])\b", r"q\1"),
        (r"^(\d{4}[-/: ]?)t([1-4])$", r"\1q\2"),
        (r"^([1-4])t(?=[-/ ]?'?\d{2})", r"\1q"),
        (r"^(\d{1,2}/[a-z]{3}/\d{4}):", r"\1 "),  # the log of a web server
        (r"(?<=[\d.]) (\d{1,2}) ?(?:h|uhr|heures|hrs|hours)$", r" \1:00"),
        (r"(?<=[\d.]) (\d{1,2}) ?(?:h|uhr) ?(\d{2})$", r" \1:\2"),
        (r"(?<=:\d\d) ?(?:h|uhr|hrs|hours)$", ""),
    )
)
# The usual forms, 05/01/2024 7:30 pm and 5-jan-24 7:30, which need no change: most large tables.
_PLAIN_ALREADY = re.compile(
    r"[\d/.: ,-]+[ap]m|\d{1,2}[- ](?!qtr)[a-z]{3}[- ]\d{2,4}(?: [\d:]+(?: ?[ap]m)?)?"
)
_ROMAN_QUARTER = re.compile(r"^(?:(iv|i{1,3})[-/. ]+(\d{4})|(\d{4})[-/. ]+(iv|i{1,3}))$")
_FULL_DATE = r"(?:\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3(?:\d{4}|\d{2})|\d{8})"
_BARE_HOUR = re.compile(rf"^({_FULL_DATE})[ t](\d{{1,2}})$|^(\d{{4}}-\d\d-\d\d)-(\d{{2}})$")
_CLOCK_WITH_POINTS = re.compile(rf"^({_FULL_DATE}) (\d{{1,2}})\.(\d{{2}})(?:\.(\d{{2}}))?$")
# The end of a period that begins with a date: a date, or a time of day after another one.
_PERIOD = re.compile(
    r"^(.{6,}?) (?:-|–|—|to|bis|until|through|au|al|a) (?!\d{1,2}:\d{2})(?=.*\d{4}|.*\d\D\d\d?\D\d)"
    r".{6,}$|^(.{6,}\d{1,2}:\d{2}(?::\d{2})?) ?(?:-|–|—|to|bis) ?\d{1,2}:\d{2}(?::\d{2})?$"
)


def plain(text: str) -> str:
    """A date in lower case without accents, weekdays, and words that mean the same as a sign.

    Args:
        text: a cell.

    Example:
        >>> [plain(text) for text in ("Mo, 02.01.23", "1er Trimestre 2020", "5 Jan 2024 07h30")]
        ['02.01.23', '1 q 2020', '5 jan 2024 07:30']
    """
    text = text.lower().translate(_EAST_ASIAN).rstrip("-. ")
    text = re.sub(r"(?<=\d)_(?=\d)", " ", text)
    text = unicodedata.normalize("NFKD", text)
    text = " ".join("".join(one for one in text if not unicodedata.combining(one)).split())
    if re.search("[a-z]", text) and not _PLAIN_ALREADY.fullmatch(text):
        for pattern, by in _WITH_LETTERS:
            text = pattern.sub(by, text)
        text = _ROMAN_QUARTER.sub(_as_quarter, text).strip()
    period = _PERIOD.match(text)
    text = (period[1] or period[2]).strip(" ,") if period else text
    text = _BARE_HOUR.sub(_with_minutes, text)
    return _CLOCK_WITH_POINTS.sub(_with_colons, text)


def month_number(name: str) -> int:
    """Number of a month from its name; 0 if it is none.

    Example:
        >>> [month_number(name) for name in ("january", "juin", "x")]
        [1, 6, 0]
    """
    return next((_MONTH_OF[name[:n]] for n in (4, 3) if name[:n] in _MONTH_OF), 0)


def utc_offset(zone: str) -> np.timedelta64:
    """Offset of a zone from UTC: an abbreviation, or hours and minutes with a sign.

    Example:
        >>> [int(utc_offset(zone).astype(int)) for zone in ("cest", "-0330", "utc+1")]
        [120, -210, 60]
    """
    if zone in _ZONES:
        return np.timedelta64(_ZONES[zone] * 60, "m")
    digits = re.sub(r"\D", "", zone)
    digits = digits.zfill(len(digits) + len(digits) % 2).ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return np.timedelta64(-minutes if "-" in zone else minutes, "m")


def _as_quarter(match: re.Match[str]) -> str:
    return f"q{_ROMAN[match[1] or match[4]]} {match[2] or match[3]}"


def _with_minutes(match: re.Match[str]) -> str:
    return f"{match[1] or match[5]} {match[4] or match[6]}:00"


def _with_colons(match: re.Match[str]) -> str:
    return f"{match[1]} {match[4]}:{match[5]}" + (f":{match[6]}" if match[6] else "")
