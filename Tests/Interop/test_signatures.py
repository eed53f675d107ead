"""Signatures of cards: the official SDK verifies the gateway's, the gateway the SDK's, and neither a card that was changed."""

import json
import pathlib
import ssl
import subprocess
import urllib.request

import pytest

from conftest import GENERATION

pytestmark = pytest.mark.face

if GENERATION == "1.0":
    from a2a.client.card_resolver import parse_agent_card
    from a2a.utils.signing import (
        InvalidSignaturesError, NoSignatureError, create_agent_card_signer, create_signature_verifier,
    )
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from google.protobuf.json_format import MessageToDict
    from jwt import PyJWK
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

    ALGORITHMS = ["ES256", "EdDSA"]

    def fetch(line, path: str, version: str | None = "1.0") -> dict:
        context = ssl.create_default_context(cafile=line.authority) if line.authority else None
        headers = {"A2A-Version": version} if version else {}
        with urllib.request.urlopen(urllib.request.Request(line.url + path, headers=headers), context=context) as answer:
            return json.load(answer)

    def verifier(keys: dict):
        """Verifies as a client does that has this key set."""
        def key(kid: str | None, jku: str | None) -> PyJWK:
            return next(PyJWK(key) for key in keys["keys"] if key["kid"] == kid)

        return create_signature_verifier(key, ALGORITHMS)

    @pytest.mark.parametrize("line", ["plain", "tls"])
    def test_sdk_verifies_a_card_of_the_gateway(gateway, line):
        line = getattr(gateway, line)()
        keys = fetch(line, "/.well-known/jwks.json")
        assert all("d" not in key for key in keys["keys"])
        card = fetch(line, "/agents/echo/.well-known/agent-card.json")
        assert len(card["signatures"]) == 1
        verifier(keys)(parse_agent_card(card))
        # The other documents carry no signature: there is nothing that both generations could verify.
        for version in ("0.3", None):
            assert "signatures" not in fetch(line, "/agents/echo/.well-known/agent-card.json", version)

    @pytest.mark.parametrize("change", [
        {"description": "Something else."}, {"supportedInterfaces": [{"url": "https://elsewhere.example/",
        "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]}, {"capabilities": {"streaming": False}},
    ], ids=["description", "interface", "capabilities"])
    def test_sdk_refuses_a_changed_card_of_the_gateway(gateway, change):
        line = gateway.plain()
        card = fetch(line, "/agents/echo/.well-known/agent-card.json") | change
        with pytest.raises(InvalidSignaturesError):
            verifier(fetch(line, "/.well-known/jwks.json"))(parse_agent_card(card))
        del card["signatures"]
        with pytest.raises(NoSignatureError):
            verifier(fetch(line, "/.well-known/jwks.json"))(parse_agent_card(card))

    CARDS = {
        "plain": {},
        # All that implementations canonicalise differently.
        "empty": {
            "documentationUrl": "", "provider": {"organization": "Größe 😀", "url": ""},
            "securitySchemes": {
                "mtls": {"mtlsSecurityScheme": {}},
                "oauth": {"oauth2SecurityScheme": {"flows": {"authorizationCode": {
                    "authorizationUrl": "https://a.example/", "tokenUrl": "https://t.example/", "scopes": {},
                    "pkceRequired": False}}}},
            },
            "securityRequirements": [{"schemes": {"mtls": {"list": []}}}],
            "capabilities": {"streaming": False, "extensions": [
                {"uri": "https://e.example/", "required": False, "params": {"n": 1.50, "a": [], "o": {"x": ""}}}]},
        },
    }

    def card(name: str) -> dict:
        return {
            "name": "Signed", "description": "A card of the SDK.", "version": "1.0.0",
            "supportedInterfaces": [
                {"url": "https://a.example/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
            "capabilities": {"streaming": True}, "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "s", "name": "S", "description": "A skill.", "tags": ["t"]}],
        } | CARDS[name]

    KEYS = {
        "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
        "ES384": (lambda: ec.generate_private_key(ec.SECP384R1()), ECAlgorithm),
        "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
        "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    }

    @pytest.mark.parametrize("name", CARDS)
    @pytest.mark.parametrize("algorithm", KEYS)
    def test_gateway_verifies_a_card_of_the_sdk(pytestconfig, tmp_path: pathlib.Path, algorithm: str, name: str):
        make, family = KEYS[algorithm]
        key = make()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        signer = create_agent_card_signer(pem, {"kid": "sdk", "alg": algorithm, "jku": None, "typ": "JOSE"})
        signed = signer(parse_agent_card(card(name)))
        jwk = json.loads(family.to_jwk(key.public_key())) | {"kid": "sdk"}
        files = {"card": card(name) | {"signatures": [MessageToDict(one) for one in signed.signatures]}, "key": jwk}
        files["changed"] = files["card"] | {"version": "1.0.1"}
        for file, content in files.items():
            (tmp_path / file).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

        def verify(file: str) -> int:
            program = pathlib.Path(pytestconfig.getoption("gateway")).resolve()
            return subprocess.run(
                [program, "card", "verify", tmp_path / file, "--key", tmp_path / "key"], timeout=20,
                capture_output=True).returncode

        assert verify("card") == 0
        assert verify("changed") == 5
