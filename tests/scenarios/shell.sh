# What the console of a story knows besides its commands; bash reads it before each of them.

mha() { "$PYTHON" -P -m mha "$@"; }

# cut-link fw-a: no server reaches fw-a, and fw-a reaches none.
cut-link() { _each-link "$1" _cut; }

# heal-link fw-a: all of them do again.
heal-link() { _each-link "$1" _heal; }

_cut() { git config --file "$ROOT/$1/mha.git/config" "url./cut/$2.insteadOf" "$ROOT/$2"; }
_heal() { git config --file "$ROOT/$1/mha.git/config" --remove-section "url./cut/$2"; }

_each-link() {
    local folder other
    for folder in "$ROOT"/*/mha.git; do
        other=$(basename "$(dirname "$folder")")
        [ "$other" = "$1" ] && continue
        "$2" "$1" "$other"
        "$2" "$other" "$1"
    done
}
