"""URLs from which no picture may be fetched. Each is refused with `invalid_image`."""

# This machine, in every spelling that a resolver or a socket takes for it.
LOOPBACK = (
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "2130706433", "0x7f000001",
    "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "localhost", "LOCALHOST",
    "localhost.", "desk.localhost", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "①②⑦.⓪.⓪.①", "１２７.0.0.１", "127。0。0。1",
)  # fmt: skip
# PORT: where a canary listens that nobody may wake.
ADDRESSES = (
    *(f"http://{host}:PORT/" for host in LOOPBACK), "http://8.8.8.8@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT#@8.8.8.8/", "http://127.0.0.1:PORT\\@8.8.8.8/",
    "http://127.0.0.1:PORT/?http://8.8.8.8/", "https://127.0.0.1:PORT/v1/models",
    "http://127.0.0.1/", "http://127.0.0.1:22/", "http://127.1/", "http://127.0.1/", "http://0/",
    "http://0.0.0.0/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.1./", "http://[::1]/",
    "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/",
    "http://[fec0::1]/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://localhost/",
    "http://LOCALHOST/", "http://localhost./", "http://desk.localhost/", "http://10.0.0.1/",
    "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/", "http://100.100.100.200/", "http://100.64.0.1/",
    "http://192.0.0.192/", "http://198.18.0.1/", "http://192.0.2.1/", "http://203.0.113.1/",
    "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://user:pw@8.8.8.8/",
    "http://@8.8.8.8/", "http://8.8.8.8@127.0.0.1/", "http://127.0.0.1#@8.8.8.8/",
    "http://127.0.0.1\\@8.8.8.8/", "http://8.8.8.8:22/", "http://8.8.8.8:25/", "http://8.8.8.8:0/",
    "http://8.8.8.8:99999/", "http://8.8.8.8:-1/", "http:///etc/passwd", "http://",
    "http:127.0.0.1", "https://127.0.0.1:3001/v1/models", "http://[::1", "http://[v1.x]/",
    "http://①②⑦.⓪.⓪.①/", "http://１２７.0.0.1/", "http://127。0。0。1/", "http://a b/", "http://a\tb/",
    "http://inference:3001/health", "http://\0/", "http://" + "a" * 300 + ".example/",
    "http://xn--/", "HTTP://127.0.0.1/", "http://127.0.0.1/?http://8.8.8.8/",
)  # fmt: skip
