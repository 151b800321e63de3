package label
