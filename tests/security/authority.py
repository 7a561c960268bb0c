"""An authority of the tests' own: it signs certificates for servers and clients, also ones that have ended."""

import datetime
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate and its key as files; `both` has them in one, as Kafka's PEM key store wants them."""

    cert: str
    key: str
    both: str


class Authority:
    """Its own certificate is the file `ca`; all that it makes lies in `folder`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key, days=2)
        extension = x509.BasicConstraints(ca=True, path_length=0)
        self._cert = builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())
        self.ca = str(self._write(f"{name}.pem", _pem(self._cert)))

    def issue(self, name: str, *, days: int = 1, host: str = "127.0.0.1") -> Pair:
        """A certificate for `name` and `host` that ends in `days`, which may be negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        signed = self._builder(subject, key, days).add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        form = serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        files = {".crt": _pem(signed), ".key": secret, ".both": secret + _pem(signed) + _pem(self._cert)}
        return Pair(*(str(self._write(name + suffix, content)) for suffix, content in files.items()))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=9))
            .not_valid_after(now + datetime.timedelta(days=days))
        )

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)
