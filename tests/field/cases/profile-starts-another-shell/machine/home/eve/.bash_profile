echo "on to sh"
exec sh -l
