"""The company's voice: what the file may say, and what happens to what is wrong in it."""

from pathlib import Path

import pytest

from gateway.assistant.persona import Persona, read_persona
from gateway.assistant.persona_file import PersonaFile
from gateway.assistant.prompt import prompt_file, rules


def test_a_language_that_is_left_out_is_the_neutral_one_and_one_text_stands_for_both() -> None:
    persona, problems = read_persona('company = "Spruce"\nrefusal = {zh = "不知道。"}')
    assert persona is not None
    assert problems == []
    assert dict(persona.company) == {"zh": "Spruce", "en": "Spruce"}
    assert persona.refusal["zh"] == "不知道。"
    assert persona.refusal["en"] == Persona().refusal["en"]
    assert persona.for_lite()["company"] == {"zh": "Spruce", "en": "Spruce"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nmae = 'x'", "'nmae' is not known here"),
        ("name = 5", "name is no text"),
        ("name = {fr = 'x'}", "'fr' is no language"),
        (f"name = '{'x' * 61}'", "at most 60 characters"),
        ("accent = 'red'", "accent is not a colour"),
        ("logo = 'javascript:alert(1)'", "logo is not"),
        ("starters = 5", "starters is no list"),
        ("[[starters]]\ntext = 'a'\npicture = 'x'", "the picture of starter 1 is not a picture"),
        ("logo = 'missing.png'", "logo: missing.png there is no file"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_holds(text: str, problem: str) -> None:
    persona, problems = read_persona(text)
    assert persona is not None
    assert problem in problems[0]
    assert persona.refusal == Persona().refusal


@pytest.mark.parametrize(
    ("text", "problem"),
    [("name = ", "cannot be used"), ("a = " + "[" * 5000, "nested too deeply")],
)
def test_a_file_that_cannot_be_used_leaves_the_last_good_voice(
    tmp_path: Path, text: str, problem: str
) -> None:
    assert read_persona(text)[0] is None
    path = tmp_path / "assistant.toml"
    path.write_text('name = "Qing"')
    file = PersonaFile(tmp_path)
    path.write_text(text)
    file._update()
    assert file.persona.name["en"] == "Qing"
    assert problem in file.problems[0].message


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"name = [", b"x" * 300_000])
def test_a_file_that_cannot_be_used_leaves_the_neutral_voice_and_a_problem(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "assistant.toml").write_bytes(data)
    file = PersonaFile(tmp_path)
    assert file.persona == Persona()
    assert [one.path for one in file.problems] == ["assistant.toml"]


def test_a_logo_is_a_picture_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("logo = 'logo.svg'")
    assert "logo.svg" in PersonaFile(tmp_path).problems[0].message
    (tmp_path / "logo.svg").write_text("<svg/>")
    assert PersonaFile(tmp_path).persona.logo == "data:image/svg+xml;base64,PHN2Zy8+"


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    file = PersonaFile(tmp_path / "missing")
    assert (file.persona, file.problems) == (Persona(), [])


def test_the_rules_speak_in_the_companys_voice_in_both_languages() -> None:
    persona, _ = read_persona('company = "云杉"\ninstructions = "Say $5 and ${home}."')
    assert persona is not None
    for language in ("zh", "en"):
        made = rules(persona, language)
        assert "云杉" in made
        assert made.endswith("Say $5 and ${home}.")
        assert persona.refusal[language] in made
    assert set(prompt_file().texts["zh"]) == set(prompt_file().texts["en"])
