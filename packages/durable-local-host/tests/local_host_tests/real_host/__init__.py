"""The app, the driver and the recordings by which `local_host` is compared with the real Functions host."""
