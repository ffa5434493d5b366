"""The whole service on one machine: the emulator, the build, the deployment, and orders sent through them."""
