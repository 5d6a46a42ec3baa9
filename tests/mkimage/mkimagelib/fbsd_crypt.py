# SPDX-License-Identifier: BSD-2-Clause
"""Writer of encrypted FreeBSD dumps: the key block and the ciphers.

struct kerneldumpkey, sys/sys/kerneldump.h; kerneldumpcrypto_*() of
sys/kern/kern_shutdown.c; the RSA part is dumpon(8)'s.  RSA padding: RFC 8017.
"""
from __future__ import annotations

import hashlib
import struct
import subprocess
from dataclasses import dataclass

AES_256_CBC = 1
CHACHA20 = 2

SECRET = bytes(range(64))       # the first half is used
IV = bytes(range(100, 132))

# Made for these tests and used nowhere else.
PRIVATE_KEY = """\
-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEA+3g+9PX1abk2vBAnRP6NWw6GP+dYdV5lkMWpOP84+3L0/+gF
AR6VkFL+zDWvHZZKukGLzbRI6Gj8tJkZbsISbYZc8J3od63DPbn+9dpHPc8I4v2T
/wOT+BorZUXnJNxCQcT7wenx8DSY1UxxYhhiUyZ44IBhx+36dfZt6hgthdos1ar1
uknyxmSy3mo4Dy7tnRoghArMlDJg4PdUXRzSwnP8fr4msh+/Qa6WYhDsJZrSgMe1
K5i1rsRtASjVZNSnaFk+vXOOQTGvoQMxdJzH99qbIwtHo26yFilXbCYiqLz8jsVA
topYJ1+XCMM3rbsJPcdm7IfxM6Wy5qvkOYv6tQIDAQABAoIBAHo6zWcl8l6sLyWk
OGI51J2Q5sJDAeUyt+1xljplG95k1x9YOK59njcjkEPUSET6W2JDH+AhpFqLRWHH
FOyYGnrwF1bBelBJvp/PO1Vm/r/VVT14AiqvI4oxtiwomRx6jx4G0FRGEVovRqZO
3MHQlmJSTejZni2ex+H0oSJrFB19oyuEabt8Y1c8fdyTq3T2hfUz5llWAjTAfrML
4vKtQtSYw0S8FGfqW+38/CgQGw5oLuqx6SxjPxcfsfxkGfJEv14pknndCddvtO6k
VUGTWVjaZAbVOGZubgDDo9RDFolMgh05uRqczohTJz8bRPN3evIdSHKQGG6z2+sN
ZQmsQxUCgYEA/emAQp3XX2sPnj/a6/NXOHwHYJf5EcVn2TJw8zG1Lt9jzXCeR7Yx
TrSM8INMHQRhygGP1B90K2oQCeF+iq9QM6LNCTwS0Ryap8LQ7n+PVtKNWToQAJeX
ba8EQ0jZ/iPqs7bXoHtxNHMoYkbf4eCXc1nDw9SfRm1g/P3++OopT1sCgYEA/Yma
gBCLbwLWMVtnOCxht6/di1BaUXwEueGA05JJDKzHzxadvoh5X9tbzFsvu46Wo4U2
/wNIgdv73LjUne5isbWD+X5031eTnL9uSU6GbDvcs01WnAi9fa1IEH+IM01/liXb
0IbqGeYDBWN/Bi/KYtKQuElie6y34iyWtK+giy8CgYAn9LurP/1pVYaip3fC04sx
J0td5uxZ4I+j/S0LCBJz6tFgvc0aidAei4j2PCMZGdxtlmtUvRJh1pHpjCOGnWno
hkDvqBVp9K9doOmR7l7XEdEObnWgMjqxFu57zBYJyQsg9q/d4C8DSu/a7z5B5D7Q
9xo4Udgyk/nENhAOiYKwqwKBgQDv4Zy7pGu4ec+c3WVY4a0G9a9Am6MIy7VRBco0
44iYJHXcOwK+/jMQfeRqArCz3WIrjuQM/ddBfpjbKkmIr77TcvFOQtZjZmH0ga7g
TxqiFzVmtDrI4QAgg63WZkPAfofD0UgcETo3jMe49n19pgPv4lgo9M3oQ++rYBKr
HCxi4wKBgQCmVbcsFHCebOyvnbp1iUsaXjLitIBkBMol1vLmfVcuAfy3R6R5rWNJ
QcfA79iCdHeDCY78Zu5ghQbbxj/OjMMxavMbhEpc+CPgMeHGEDRvIlW9jbpTiZbV
uvBqYFiUezBUc2hkAa1pjafBSBXdfXsmDahPW64AaEET79nNSDiJEg==
-----END RSA PRIVATE KEY-----
"""


def modulus() -> int:
    """Of PRIVATE_KEY; its exponent is 65537."""
    text = subprocess.run(["openssl", "rsa", "-modulus", "-noout"], input=PRIVATE_KEY.encode(),
                          capture_output=True, check=True).stdout.decode()
    return int(text.split("=")[1], 16)


def _mask(seed: bytes, length: int) -> bytes:
    out = b""
    for i in range(length // 20 + 1):
        out += hashlib.sha1(seed + struct.pack(">I", i)).digest()
    return out[:length]


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b))


def _oaep(message: bytes, size: int) -> bytes:
    seed = bytes(range(20))
    block = hashlib.sha1().digest()
    block += bytes(size - len(message) - 42) + b"\1" + message
    masked = _xor(block, _mask(seed, len(block)))
    return b"\0" + _xor(seed, _mask(masked, 20)) + masked


def _pkcs1(message: bytes, size: int) -> bytes:
    return b"\0\2" + b"\x5a" * (size - len(message) - 3) + b"\0" + message


@dataclass
class Encryption:
    """method: as in the key block."""

    method: int = AES_256_CBC
    old_padding: bool = False

    def block(self) -> bytes:
        """The key block without padding."""
        n = modulus()
        size = n.bit_length() // 8
        padded = (_pkcs1 if self.old_padding else _oaep)(SECRET, size)
        key = pow(int.from_bytes(padded, "big"), 65537, n).to_bytes(size, "big")
        return struct.pack(">B32sI", self.method, IV, size) + key

    def encrypt(self, data: bytes) -> bytes:
        if self.method == AES_256_CBC:
            cipher = ["-aes-256-cbc", "-nopad", "-iv", IV[:16].hex()]
        else:
            cipher = ["-chacha20", "-iv", (bytes(8) + IV[:8]).hex()]
        return subprocess.run(["openssl", "enc", *cipher, "-K", SECRET[:32].hex()],
                              input=data, capture_output=True, check=True).stdout
