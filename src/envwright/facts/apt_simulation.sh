# What apt-get --simulate says, a line for each change: VERB NAME OLD NEW, - for no version. Its
# errors come as it says them, with the dependencies that nothing meets; PROVIDER lines name what stands
# behind a virtual name.
# shellcheck shell=sh
ew_simulated() {
    ew_virtual='' ew_unmet=''
    apt-get --simulate -q -o APT::Cmd::Pattern-Only=true install "$@" 2>&1 |
        while read -r ew_verb ew_name ew_old ew_new ew_rest; do
            case "$ew_verb $ew_old $ew_new" in
            'Inst ['*)
                ew_old=${ew_old#?} ew_old=${ew_old%]} ew_new=${ew_new#?} ew_verb=upgrade
                if dpkg --compare-versions "$ew_new" lt "$ew_old"; then ew_verb=downgrade; fi
                echo "$ew_verb $ew_name $ew_old $ew_new"
                ;;
            'Inst ('*) echo "install $ew_name - ${ew_old#?}" ;;
            'Remv ['* | 'Purg ['*)
                ew_old=${ew_old#?}
                echo "remove $ew_name ${ew_old%]} -"
                ;;
            'E: '*) printf '%s\n' "E: $ew_name $ew_old $ew_new $ew_rest" ;;
            'WARNING: following essential') echo 'E: Essential packages would be removed.' ;;
            'Package is a') ew_virtual=$ew_name ;;
            '  ') ew_virtual= ;;
            *)
                case "$ew_verb $ew_name" in
                ?*' :')
                    ew_unmet=$ew_verb
                    echo "E: $ew_unmet : $ew_old $ew_new $ew_rest"
                    ;;
                # Of the same package; what follows an "or" begins with the name.
                *Depends:' '*) echo "E: $ew_unmet : $ew_verb $ew_name $ew_old $ew_new $ew_rest" ;;
                esac
                case "$ew_virtual $ew_name" in
                ?*' '[0-9]*) echo "provider $ew_virtual $ew_verb" ;;
                esac
                ;;
            esac
        done
}
