import { statfsSync } from "node:fs";

/**
 * Numbers of Linux's file systems whose files others write too, unseen by this
 * kernel: its watches tell only of what this machine does.
 *
 * @see statfs(2), and `include/uapi/linux/magic.h`
 */
const REMOTE = new Set([
  0x6969, // NFS
  0xff53_4d42, // CIFS
  0xfe53_4d42, // SMB
  0x517b, // SMB, of old
  0x6573_5546, // FUSE: sshfs, GlusterFS, virtiofs, folders of a virtual machine's host
  0x0102_1997, // 9p
  0x00c3_6400, // Ceph
  0x0bd0_0bd0, // Lustre
  0x5346_414f, // AFS
  0x786f_4256, // VirtualBox's shared folders
  0xbacb_acbc, // VMware's
  0x0116_1970, // GFS2
  0x7461_636f, // OCFS2
]);

/** Whether a file system of this number is written by other machines too. */
export function isRemoteType(type: number): boolean {
  // Some systems keep it with a sign.
  return REMOTE.has(type >>> 0);
}

/** Whether what changes in a folder may be unseen by this machine; no when nobody knows. */
export function isRemote(folder: string): boolean {
  try {
    return Deno.build.os === "linux" && isRemoteType(statfsSync(folder).type);
  } catch {
    // Gone, or a permission is missing: --allow-sys.
    return false;
  }
}
