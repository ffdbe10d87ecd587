"""A person's own authority for SSH: it signs who they are, for minutes.

What comes in: files in spawn's state directory, ssh-keygen, and KMS where the key lies there. What
goes out: certificates of OpenSSH's, and what an instance has to be told to admit them and nothing
else. Of AWS it uses a key, and makes one where that is asked for.

    principals   who a certificate is for, in a safe spelling     pure
    building     a certificate's bytes, but for the signature     pure
    kms_forms    KMS's forms of keys and signatures, as SSH's     pure
    authority    the authority of this machine                    files, ssh-keygen
    kms_key      a key in KMS that becomes an authority           reads AWS
    signing      certificates, signed                             ssh-keygen, writes AWS
    revocations  what is taken back, as instances are told        files, ssh-keygen
    trust        whose certificates an instance admits            pure
    fresh        the certificate of one connection                files
    standing     the one that plain ssh finds                     files
"""
