"""Cards: where they are, what they say, and that each SDK generation reads the one meant for it."""

import pytest

from conftest import GENERATION, new_caller


async def test_card(caller):
    card = (await caller.reach("echo")).card
    assert card.name == ("echo" if caller.backend.differs("display name") else "The echo")
    assert card.version
    assert card.streaming
    assert not card.push
    assert not card.extended
    assert card.skills
    base = caller.address("echo")
    assert {url for url, _, _ in card.interfaces} == {base}
    preferred = [(binding, version[:3]) for _, binding, version in card.interfaces][:2]
    assert preferred == [("JSONRPC", GENERATION), ("HTTP+JSON", GENERATION)]


async def test_card_of_the_default_agent(caller):
    echo = await caller.reach("echo", base=caller.line.url)
    assert {url for url, _, _ in echo.card.interfaces} == {caller.address("echo")}
    assert (await echo.send("by the front door")).text == "by the front door"


@pytest.mark.face
async def test_key_is_declared_where_it_is_taken(client, gateway):
    caller = new_caller(client, gateway)
    card = (await caller.reach("echo")).card
    assert bool(card.schemes) == (client.line == "TLS")
    await caller.close()


if GENERATION == "1.0":

    @pytest.mark.face
    async def test_card_for_a_client_that_names_no_version(caller):
        card = await caller.card_without_version("echo")
        versions = {version for _, _, version in card.interfaces}
        assert "1.0" in versions
        assert any(version.startswith("0.3") for version in versions)
