// Names of the macros and lists in Falco's rule files, for rules that use them without loading those files.

import { basename } from 'node:path';

/** The file that a macro or list comes from; undefined if none of Falco's files has it. */
export function stockFileOf(kind: 'macro' | 'list', name: string): string | undefined {
  return STOCK_FILES.find((file) => file[kind].has(name))?.file;
}

/** Whether a path names one of Falco's rule files. */
export function isStockFile(path: string): boolean {
  return /^(?:falco(?:-\w+)?|k8s_audit|application)_rules\.ya?ml$/.test(basename(path));
}

interface StockFile {
  readonly file: string;
  readonly macro: ReadonlySet<string>;
  readonly list: ReadonlySet<string>;
}

const STOCK_FILES: readonly StockFile[] = [
  {
    file: 'falco_rules.yaml',
    macro: words(`
      access_log_files allowed_clear_log_files ansible_running_python check_process_status clear_data_procs
      cmp_cp_by_passwd consul_running_alert_checks consul_running_net_scripts container container_entrypoint
      containerd_activities create_hardlink create_symlink directory_traversal dup etc_dir grep_commands
      grep_more interactive k8s_api_server k8s_containers kernel_module_load known_drop_and_execute_activities
      known_memfd_execution_processes known_ptrace_procs linux_bench_reading_etc_shadow mandb_postinst
      never_true nginx_running_aws_s3_cp nginx_starting_nginx open_file_failed open_read open_write outbound
      parent_java_running_activemq parent_java_running_cassandra parent_java_running_datastax
      parent_java_running_elasticsearch parent_java_running_glassfish parent_java_running_hadoop
      parent_java_running_jboss_wildfly parent_java_running_kafka parent_java_running_zookeeper
      perl_running_centrifydc perl_running_plesk perl_running_updmap possibly_node_in_container
      possibly_parent_java_running_tomcat postgres_running_cnpg postgres_running_wal_e private_aws_credentials
      private_key_or_password proc_is_new proc_name_exists protected_shell_spawner ptrace_attach_or_injection
      python_mesos_marathon_scripting rabbitmq_running_scripts rabbitmqctl_running_scripts
      redis_running_prepost_scripts run_by_appdynamics run_by_chef run_by_foreman run_by_google_accounts_daemon
      run_by_package_mgmt_binaries run_by_qualys runuser_reading_pam sensitive_files serf_script server_procs
      shell_procs spawned_process splunk_running_forwarder ssh_non_standard_ports_network system_users
      trusted_logging_images user_expected_terminal_shell_in_container_conditions
      user_known_contact_k8s_api_server_activities user_known_read_sensitive_files_activities
      user_known_remove_data_activities user_known_stand_streams_redirect_activities
      user_known_system_user_login user_read_sensitive_file_conditions user_read_sensitive_file_containers
      user_shell_container_exclusions user_ssh_directory veritas_driver_script
    `),
    list: words(`
      allowed_container_images_loading_kernel_module cron_binaries data_remove_commands db_server_binaries
      deb_binaries docker_binaries falco_containers falco_no_driver_containers falco_privileged_images
      gitlab_binaries grep_binaries hids_binaries http_server_binaries ibm_cloud_containers
      known_drop_and_execute_containers known_memfd_execution_binaries known_ptrace_binaries
      known_shell_spawn_cmdlines log_directories log_files login_binaries mail_binaries mail_config_binaries
      mesos_shell_binaries needrestart_binaries nomachine_binaries nosql_server_binaries package_mgmt_binaries
      passwd_binaries postgres_mgmt_binaries protected_shell_spawning_binaries python_package_managers
      read_sensitive_file_binaries read_sensitive_file_images rfc_1918_addresses rpm_binaries sematext_images
      sensitive_directory_names sensitive_file_names shadowutils_binaries shell_binaries ssh_non_standard_ports
      sshkit_script_binaries trusted_images user_known_packet_socket_binaries user_known_shell_spawn_binaries
      user_mgmt_binaries userexec_binaries vpn_binaries
    `),
  },
  {
    file: 'falco-incubating_rules.yaml',
    macro: words(`
      allowed_aws_ecr_registry_root_for_eks allowed_openshift_registry_root allowed_ssh_proxy_env
      aws_eks_core_images bpf_profiled_procs calico_node chage_list chmod container_started curl_download
      ec2_metadata_containers excessively_capable_container exe_running_docker_save expected_udp_traffic
      falco_privileged_containers glibc_tunables_env http_proxy_procs inbound_outbound
      ingress_remote_file_copy_procs java_running_sdjagent known_aks_mount_in_privileged_containers
      known_eks_mount_in_privileged_containers known_gke_mount_in_privileged_containers known_user_in_container
      kubelet_running_loopback login_doing_dns_lookup modify modify_shell_history mount_info
      network_local_subnet network_tool_procs nrpe_becoming_nagios open_directory openshift_image
      package_mgmt_ancestor_procs package_mgmt_procs pkg_mgmt_in_kube_proxy rancher_agent
      rancher_network_manager redhat_image remote_file_copy_procs remove rename run_by_ms_oms
      run_by_sumologic_securefiles run_by_yum somebody_becoming_themselves
      system_level_side_effect_artifacts_kubectl_cp system_procs truncate_shell_history
      user_expected_system_procs_network_activity_conditions user_known_change_thread_namespace_activities
      user_known_create_files_below_dev_activities user_known_cron_jobs user_known_db_spawned_processes
      user_known_ingress_remote_file_copy_activities user_known_metadata_access
      user_known_mount_in_privileged_containers user_known_network_tool_activities
      user_known_non_sudo_setuid_conditions user_known_package_manager_in_container
      user_known_read_ssh_information_activities user_known_remote_file_copy_activities
      user_known_set_setuid_or_setgid_bit_conditions user_known_shell_config_modifiers
      user_known_user_management_activities user_privileged_containers user_trusted_containers
      var_lib_docker_filepath weaveworks_scope
    `),
    list: words(`
      allowed_dev_files bash_config_filenames bash_config_files bpf_profiled_binaries coreutils_binaries
      csh_config_filenames csh_config_files dev_creation_binaries expected_udp_ports http_proxy_binaries
      ingress_remote_file_copy_binaries k8s_binaries
      known_binaries_to_read_environment_variables_from_proc_files known_setuid_binaries
      known_system_procs_network_activity_binaries l2tp_udp_ports lxd_binaries
      namespace_scope_network_only_subnet network_plugin_binaries network_tool_binaries ntp_ports
      openvpn_udp_ports redhat_io_images_privileged remote_file_copy_binaries shell_config_directories
      shell_config_filenames shell_config_files ssh_binaries statsd_ports sysdigcloud_binaries
      test_connect_ports user_known_change_thread_namespace_binaries user_known_chmod_applications
      zsh_config_filenames
    `),
  },
  {
    file: 'falco-sandbox_rules.yaml',
    macro: words(`
      access_repositories add_shell_writing_shells_tmp airflow_writing_state allowed_containers
      amazon_linux_running_python_yum automount_using_mtab avinetworks_supervisor_writing_ssh
      aws_eks_image_sensitive_mount azure_networkwatcher_writing_conf azure_scripts_writing_conf base64_decoding
      bin_dir bin_dir_mkdir bin_dir_rename brandbot_writing_os_release calico_writing_conf
      calico_writing_envvars calico_writing_state cassandra_writing_state centrify_writing_krb
      checkpoint_writing_state chef_client_writing_conf chef_writing_conf cloud_init_writing_ssh
      cockpit_writing_conf consul_template_writing_conf coreos_write_ssh_dir couchdb_writing_conf
      countly_writing_nginx_conf cron_start_writing_pam_env curl_writing_pki_db datadog_writing_conf
      docker_procs dpkg_scripting dse_writing_tmp duply_writing_exclude_files etcd_manager_updating_dns
      etckeeper etckeeper_activities falco_sensitive_mount_containers fluentd_writing_conf_files
      galley_writing_state git_writing_nssdb google_accounts_daemon_writing_ssh gugent_writing_guestagent_log
      haproxy_writing_conf htpasswd_writing_passwd httpd_writing_conf_logs httpd_writing_ssl_conf inbound
      interpreted_procs ipsec_writing_conf is_miner_process iscsi_writing_conf istio_writing_conf
      java_network_read java_running_cassandra java_writing_conf jboss_in_container_writing_passwd
      keepalived_writing_conf known_container_runtime_host_access known_root_conditions kubectl_writing_state
      liveupdate_writing_conf lvprogs_writing_conf maven_writing_groovy mcafee_writing_cma_d minerpool_http
      minerpool_https minerpool_other mkdir mkinitramfs_writing_boot modify_repositories monitored_dir
      ms_oms_writing_conf ms_scx_writing_conf multipath_writing_conf mysql_writing_conf mysqlsh_writing_state
      net_miner_pool networkmanager_writing_resolv_conf nginx_writing_certs nginx_writing_conf
      nodeport_containers npm_package_install_ancestor openldap_writing_conf openshift_writing_conf
      openvpn_writing_conf ovsdb_writing_openvswitch parent_supervise_running_multilog parent_ucf_writing_conf
      php_handlers_writing_conf pkgmgmt_progs_writing_pki pki_realm_writing_realms
      plesk_install_writing_apache_conf plesk_running_mktemp plesk_writing_keys prometheus_conf_writing_conf
      python_running_chef python_running_denyhosts python_running_get_pip python_running_ms_oms
      qualys_writing_conf_files rabbitmq_writing_conf rancher_writing_conf rancher_writing_root
      redis_writing_conf rook_writing_conf root_dir rpm_procs rpm_writing_root_rpmdb run_by_adclient
      run_by_centrify runc_writing_exec_fifo runc_writing_var_lib_docker sed_temporary_file
      sed_writing_temp_file selinux_writing_conf sensitive_mount slapadd_writing_conf sosreport_writing_files
      spawned_by_web_server sssd_writing_krb supervise_writing_status symantec_writing_conf
      trusted_images_query_miner_domain_dns ucpagent_writing_conf ufw_writing_conf update_ca_trust_writing_pki
      update_texmf_writing_conf user_known_container_drift_activities user_known_create_hidden_file_activities
      user_known_host_path_access user_known_k8s_client_container user_known_k8s_client_container_parens
      user_known_mkdir_bin_dir_activities user_known_modify_bin_dir_activities
      user_known_network_tool_in_npm_install_activities user_known_privileged_device_access
      user_known_run_as_root_container user_known_update_package_registry user_known_web_server_child_activities
      user_known_web_server_shell_activities user_known_write_below_binary_dir_activities
      user_known_write_below_etc_activities user_known_write_below_root_activities
      user_known_write_etc_conditions user_known_write_monitored_dir_conditions user_known_write_root_conditions
      user_known_write_rpm_database_activities user_sensitive_mount_containers userhelper_writing_etc_security
      veritas_progs veritas_writing_config write_etc_common xmlcatalog_writing_files zap_writing_state
    `),
    list: words(`
      allowed_inbound_source_domains allowed_inbound_source_ipaddrs allowed_inbound_source_networks
      dhcp_binaries exclude_hidden_directories falco_sensitive_mount_images http_miner_domains
      https_miner_domains interpreted_binaries k8s_client_binaries known_decode_payload_containers
      known_istio_files known_root_directories known_root_files miner_binaries miner_domains miner_ports
      monitored_directories ms_oms_binaries node_package_managers openscap_rpm_binaries plesk_binaries
      recon_binaries repository_directories repository_files run_as_root_image_list safe_etc_dirs
      shell_mgmt_binaries ssl_mgmt_binaries suspicious_web_children user_known_k8s_images
      user_known_k8s_ns_kube_system_images user_known_userfaultfd_processes veritas_binaries web_server_binaries
    `),
  },
];

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
