"""Certificates for tests, made by the openssl command: an authority of our own and what it signs."""

import pathlib
import shutil
import ssl
import subprocess
import tempfile


class Authority:
    """A folder with ca.pem, and the servers' certificates by their names."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="patchbay-tls-")
        self.folder = pathlib.Path(self._folder.name)
        self.ca = self.folder / "ca.pem"
        self._openssl("req", "-x509", "-nodes", *self._new_key("ca"), "-out", self.ca,
                      "-subj", "/CN=Test Authority", "-days", "2")

    def server(self, name, host="IP:127.0.0.1", days=2, self_signed=False):
        """An ssl.SSLContext for a server whose certificate is for `host`; negative days: expired."""
        request, certificate = self.folder / f"{name}.csr", self.folder / f"{name}.pem"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={host}\n")
        self._openssl("req", "-nodes", *self._new_key(name), "-out", request, "-subj", f"/CN={name}")
        signed_by = (["-signkey", self.folder / f"{name}.key"] if self_signed else
                     ["-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial"])
        self._openssl("x509", "-req", "-in", request, "-out", certificate, "-days", str(days),
                      "-extfile", extensions, *signed_by)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, self.folder / f"{name}.key")
        return context

    def hashed_folder(self):
        """The authority alone in a folder, as SSL_CERT_DIR wants it."""
        folder = self.folder / "hashed"
        folder.mkdir()
        shutil.copy(self.ca, folder)
        self._openssl("rehash", folder)
        return folder

    def close(self):
        self._folder.cleanup()

    def _new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-keyout", self.folder / f"{name}.key"]

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
