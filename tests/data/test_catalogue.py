"""The catalogue: cards found by looking, embedded sets read, mirrored files checked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from keras_rnn_recipes.data.catalogue import (
    Card,
    find_card,
    list_datasets,
    load_dataset,
    read_card,
)
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.resources import resource_root

BODY = b"ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n"
SHA256 = hashlib.sha256(BODY).hexdigest()
EMBEDDED = {"co2": 526, "elnino": 732, "sunspots": 309, "macrodata": 2030}


def write_card(folder: Path, **changes: str) -> Path:
    """Write the card of a set that is read from a mirror."""
    keys = {
        "title": '"t"', "description": '"d"', "licence": '"not stated"', "kind": '"mirror"',
        "horizon": "1", "files": f'[{{path = "a.csv", sha256 = "{SHA256}"}}]',
    }  # fmt: skip
    lines = [f"{key} = {value}" for key, value in (keys | changes).items() if value]
    path = folder / "mine" / "card.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines))
    return path


def test_every_folder_has_a_card_that_says_what_is_needed():
    cards = list_datasets()
    folders = {folder.name for folder in resource_root("datasets").iterdir() if folder.is_dir()}
    assert {card.name for card in cards} == folders - {"__pycache__"}
    assert len(cards) >= 23
    for card in cards:
        assert card.title and card.description and card.licence
        assert card.kind == "statsmodels" or all(len(f["sha256"]) == 64 for f in card.files)
        if card.task == "forecasting":
            assert card.horizon > 0 and card.read["season_length"] > 0
    assert sum(card.task != "forecasting" for card in cards) >= 9


def test_listing_imports_neither_pandas_nor_tensorflow(run_python):
    code = """
import sys
from keras_rnn_recipes.data.catalogue import list_datasets
print(len(list_datasets()), sorted({"pandas", "tensorflow", "keras", "numpy"} & set(sys.modules)))
"""
    assert run_python(code).stdout.split() == [str(len(list_datasets())), "[]"]


@pytest.mark.parametrize(("name", "rows"), EMBEDDED.items())
def test_embedded_sets_need_no_network(name, rows):
    panel = load_dataset(name)
    assert len(panel.frame) == rows
    assert panel.frame["y"].notna().mean() > 0.98


def test_co2_is_the_mean_of_each_month():
    import pandas as pd
    from statsmodels.datasets import co2

    expected = co2.load_pandas().data["co2"].resample("MS").mean()
    got = load_dataset("co2").frame.set_index("ds")["y"]
    pd.testing.assert_series_equal(
        got, expected, check_names=False, check_freq=False, check_index_type=False
    )


def test_options_replace_those_of_the_card():
    panel = load_dataset("macrodata", target_col="infl", start="1990", season_length=2)
    assert panel.num_series == 1
    assert panel.frame["ds"].min().year == 1990
    assert panel.season_length == 2


def test_a_name_with_a_typo_is_answered_with_the_nearest():
    with pytest.raises(UserError, match="did you mean elnino"):
        find_card("elninio")
    with pytest.raises(UserError, match="krr ls datasets"):
        find_card("zzz")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"titel": '"x"'}, "'titel'"),
        ({"licence": ""}, "'licence'"),
        ({"kind": '"ftp"'}, "kind 'ftp'"),
        ({"task": '"drawing"'}, "task 'drawing'"),
        ({"horizon": ""}, "'horizon'"),
        ({"files": ""}, "'files'"),
        ({"title": "["}, "could not be read"),
        ({"title": "5"}, "value of 'title'"),
        ({"horizon": '"12"'}, "value of 'horizon'"),
        ({"horizon": "true"}, "value of 'horizon'"),
        ({"files": '"a.csv"'}, "value of 'files'"),
        ({"files": '["a.csv"]'}, "each needs path and sha256"),
        ({"files": '[{path = "a.csv"}]'}, "each needs path and sha256"),
        ({"files": '[{path = 3, sha256 = "0"}]'}, "its values are texts"),
    ],
)
def test_a_card_with_a_mistake_is_refused(tmp_path, changes, said):
    with pytest.raises(UserError, match=said):
        read_card(write_card(tmp_path, **changes))


def test_texts_are_no_series():
    with pytest.raises(UserError, match="imdb holds texts for text classification.*load_text"):
        load_dataset("imdb")


def test_a_mirrored_set_needs_its_mirror_and_the_right_file(tmp_path, monkeypatch):
    monkeypatch.delenv("KRR_DATA", raising=False)
    with pytest.raises(UserError, match="KRR_DATA"):
        load_dataset("airline_passengers")
    with pytest.raises(UserError, match="is not in"):
        load_dataset("airline_passengers", root=tmp_path)
    path = tmp_path / find_card("airline_passengers").files[0]["path"]
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    monkeypatch.setenv("KRR_DATA", str(tmp_path))
    with pytest.raises(UserError, match="changed or is damaged"):
        load_dataset("airline_passengers")


def test_a_mirrored_set_with_the_right_file_is_read(tmp_path, monkeypatch):
    card = read_card(write_card(tmp_path))
    (tmp_path / "a.csv").write_bytes(BODY)
    assert load_dataset(card, root=tmp_path).frame["y"].tolist() == [1, 2, 3]
    monkeypatch.setenv("KRR_DATA", str(tmp_path))
    assert load_dataset(card).frame["y"].tolist() == [1, 2, 3]


def test_a_card_may_bring_its_own_reader(tmp_path, monkeypatch):
    card = write_card(tmp_path)
    (tmp_path / "a.csv").write_bytes(BODY)
    card.with_name("prepare.py").write_text(
        "import pandas as pd\ndef prepare(path):\n    return pd.read_csv(path).assign(y=7.0)\n"
    )
    assert load_dataset(read_card(card), root=tmp_path).frame["y"].tolist() == [7, 7, 7]


def test_a_panel_of_the_cards_is_one_that_read_panel_takes_back():
    panel = load_dataset("macrodata")
    again = read_panel(panel.frame)
    assert again.frame.equals(panel.frame)
    assert (again.freq, again.notes) == (panel.freq, ())


OUTSIDE = (
    "../../escaped.csv", "..", "", "sub/../../escaped.csv", "/etc/hosts", "~/escaped.csv",
    "..\\escaped.csv", "C:\\escaped.csv", "C:escaped.csv", "\\\\server\\share\\escaped.csv",
    "file:///etc/hosts", "https://example.org/a.csv", "a\0.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["mirror", "statsmodels"])
def test_the_files_of_a_card_lie_in_the_folder_of_the_data(tmp_path, name, kind):
    (tmp_path / "escaped.csv").write_bytes(BODY)
    (tmp_path / "a" / "b").mkdir(parents=True)
    file = {"path": name, "sha256": SHA256}
    text = f"[{{path = {json.dumps(name)}, sha256 = {SHA256!r}}}]"
    with pytest.raises(UserError, match="no file outside the folder is read"):
        read_card(write_card(tmp_path, files=text, kind=f'"{kind}"'))
    card = Card("mine", "t", "d", "l", kind, tmp_path, files=(file,))
    with pytest.raises(UserError, match="no file outside the folder is read"):
        load_dataset(card, root=tmp_path / "a" / "b")


def test_a_file_in_a_subfolder_and_a_link_that_the_user_made_are_read(tmp_path):
    (tmp_path / "elsewhere.csv").write_bytes(BODY)
    (tmp_path / "mirror" / "sub").mkdir(parents=True)
    (tmp_path / "mirror" / "sub" / "a..b.csv").symlink_to(tmp_path / "elsewhere.csv")
    text = f'[{{path = "sub/a..b.csv", sha256 = "{SHA256}"}}]'
    card = read_card(write_card(tmp_path, files=text))
    assert load_dataset(card, root=tmp_path / "mirror").frame["y"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("address", ["file:///etc/hosts", "https://example.org/a.csv", "s3://b/k"])
def test_an_address_is_no_file(address):
    with pytest.raises(UserError, match="is an address.*nothing is downloaded"):
        read_panel(address)
