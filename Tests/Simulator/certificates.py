# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates by the openssl command."""
import pathlib
import subprocess


def make(folder, file, authority=None, name="localhost"):
    """For one name, good for a month, signed by itself or an authority: paths of key and certificate."""
    key, certificate = pathlib.Path(folder) / f"{file}.key", pathlib.Path(folder) / f"{file}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
               "-days", "30", "-subj", f"/CN={file}", "-addext", f"subjectAltName=DNS:{name}"]
    if authority:
        command += ["-CA", authority[1], "-CAkey", authority[0], "-addext", "extendedKeyUsage=serverAuth", "-addext", "basicConstraints=CA:FALSE"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return key, certificate
