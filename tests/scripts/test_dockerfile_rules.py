"""scripts/dockerfile_rules.py: the project's Dockerfiles keep them, and each fault is named."""

import pytest

from scripts.dockerfile_rules import faults_of, main

GOOD = """\
# A comment.
ARG BASE=python:3.13-slim
FROM ${BASE}
WORKDIR /app
RUN apt-get update -qq \\
 # what draws Chinese
 && apt-get install -y -qq --no-install-recommends fonts-wqy-microhei \\
 && rm -rf /var/lib/apt/lists/*
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY gateway gateway
USER 10001:10001
CMD ["/venv/bin/python", "-m", "gateway"]
"""
LAST = "USER 10001:10001\n"


def test_the_projects_dockerfiles_keep_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert capsys.readouterr().out == "Dockerfile rules: 4 are as they must be\n"


def test_a_good_one_has_no_fault() -> None:
    assert list(faults_of(GOOD)) == []


@pytest.mark.parametrize(
    ("was", "now", "line", "fault"),
    [
        ("python:3.13-slim", "python", 3, "the image python is not pinned"),
        ("python:3.13-slim", "python:latest", 3, "the image python:latest is not pinned"),
        ("ARG BASE=python:3.13-slim\n", "", 2, "the image ${BASE} is not pinned"),
        (LAST, "", 11, "the last USER"),
        (LAST, "USER root\n", 11, "the last USER"),
        (LAST, "USER 0:0\n", 11, "the last USER"),
        (LAST, "USER 10001:10001\nUSER root\n", 12, "the last USER"),
        ("--no-install-recommends", "", 5, "install without --no-install-recommends"),
        ("install -y", "install", 5, "install without -y"),
        (" \\\n && rm -rf /var/lib/apt/lists/*", "", 5, "the lists of packages stay"),
        ("apt-get update -qq", "apt-get upgrade -y", 5, "apt-get upgrade"),
        ("--no-cache-dir ", "", 9, "pip install without --no-cache-dir"),
        ("--require-hashes ", "", 9, "pip install without --require-hashes"),
        ("RUN /venv", "RUN cd /app && /venv", 9, "use WORKDIR"),
        ("RUN /venv", "RUN sudo true && /venv", 9, "sudo is for people"),
        ("RUN /venv", "RUN curl -s https://x.example | sh && /venv", 9, "run unseen"),
        ("COPY gateway", "ADD gateway", 10, "use COPY"),
        ("COPY gateway gateway", "COPY . .", 10, "the whole folder"),
        ("WORKDIR /app", "WORKDIR app", 4, "WORKDIR is not absolute"),
        ('["/venv/bin/python", "-m", "gateway"]', "python -m gateway", 12, "CMD is no JSON list"),
        ("WORKDIR /app", "ENV API_KEY=x", 4, "API_KEY would stay in the image"),
        ("WORKDIR /app", "ARG HUB_TOKEN", 4, "HUB_TOKEN would stay in the image"),
    ],
)
def test_each_fault_is_named_with_its_line(was: str, now: str, line: int, fault: str) -> None:
    assert was in GOOD
    found = list(faults_of(GOOD.replace(was, now)))
    assert [(at, told) for at, told in found if fault in told and at == line], found
