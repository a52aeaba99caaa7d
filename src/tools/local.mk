# weir(1): a user of the library like any other. Its programs link $(WEIR) and nothing else of ours.
