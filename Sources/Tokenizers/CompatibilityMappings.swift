// SPDX-License-Identifier: Apache-2.0

/// Compatibility decompositions of Unicode 14.0.0, one step of each.
///
/// Made by Fixtures/oracle/tokenizers/compatibility_mappings.py from the Unicode Character Database,
/// © Unicode, Inc., Unicode License v3.
enum CompatibilityMappings {
  static let decompositions: [Unicode.Scalar: [Unicode.Scalar]] = {
    var result: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    var code: UInt32 = 0
    for entry in table.split(whereSeparator: \.isWhitespace) {
      let sides = entry.split(separator: "=")
      let place = sides.first?.split(separator: "*") ?? []
      guard sides.count == 2, let distance = place.first.flatMap({ UInt32($0, radix: 36) })
      else { continue }
      code += distance
      let count = place.count == 2 ? UInt32(place[1], radix: 36) ?? 1 : 1
      let parts = sides[1].split(separator: "+").compactMap { UInt32($0, radix: 36) }
      for i in 0..<count {
        guard let whole = Unicode.Scalar(code + i) else { continue }
        result[whole] = parts.compactMap { Unicode.Scalar($0 + i) }
      }
    }
    return result
  }()

  /// `DISTANCE=PART+PART...` in base 36, from the code before; `DISTANCE*COUNT=PART` for codes in a
  /// row that map to characters in a row.
  private static let table = """
    4g=w 8=w+lk 2=2p 5=w+lg 3*2=1e 2=w+ld 1=qk 3=w+mf 1=1d 1=33 2=1d+6dg+1g 1=1d+6dg+1e
    1=1f+6dg+1g 38=21+22 1=2x+2y c=24+53 1=30+53 9=jg+32 1i=37 1x=1w+al 1=1w+am 1=2s+am 1=24+22
    1=24+2y 1=30+2y 1=26+22 1=26+2y 1=32+2y 11=1w+2i 1=1w+3e 1=2s+3e 59=2w 1=h2 1=2y 1=36 1=hl
    1=hn 1=ht 1=3b 1=3d w=w+li 1=w+lj 1=w+lm 1=w+mg 1=w+lf 1=w+ln 3=gz 1=30 1=37 1=3c 1=id 46=w+n9
    a=w+ld 24=qa 1=qg 1=px 3=qu 1=qo q=qi 1*2=qp 3=pk 1=qd 4=pv b2=12d+136 6m=17r+19w 1=18o+19w
    1=1c7+19w 1=18q+19w 1iz=2tp+2sy 3k=2x9+2wi 15=2wb+2vt 1=2wb+2w1 1b=2yz 2z=33m+329 2=33n+329
    ar=3bw 2eo=1t 1=5i 1=1u 2*2=1w 2=b2 1*8=1z 9=27 1=f6 1=28 1=2a 1*2=2c 2=2f 1=2p 1*2=gg 2=5qa
    1=2q 1*2=2s 2=gp 1*2=gr 2=2v 2=2z 1=31 1=97 1=33 1=gk 1*2=5qu 2=34 1*2=38 2=5r1 1=hb 1=3a
    1=5r9 1*3=qa 3*2=qu 2=2x 1=36 1*2=39 2*2=qa 2=qp 1*2=qu f=u5 z=gi 1=2r 1=gl 1=6o 1=gs 1=2u
    1=gv 1=gx 1=h1 1*3=h4 3=5tn 1=il 1=h9 1=5tx 1=in 1=hd 1=hc 1*4=he 4=hk 1*2=hu 2=bv 1*2=i1
    2=5r0 1*2=i3 2=3e 1*3=i8 3=qg 63=2p+ji 83=w+lv 2=w+lv 1=w+n6 1q=w+lw 4=w 1=w 1=w 1=w 1=w 1=w
    1=w 1=w 1=w 7=6c0 6=w+mr d=1a 1=1a+1a 1=1a+1a+1a 9=w 4=6cy+6cy 1=6cy+6cy+6cy 2=6d1+6d1
    1=6d1+6d1+6d1 5=x+x 2=w+lh 9=1r+1r 1=1r+x 1=x+1r e=6cy+6cy+6cy+6cy 8=w h=1c 1=2x 3*6=1g 6=17
    1=6qa 1=1p 1*2=14 2=32 1*a=1c a=17 1=6qa 1=1p 1*2=14 3=2p 1=2t 1=33 1=3c 1=gp 1=2w 1*4=2z 4=34
    1*2=37 d=2a+37 2g=2p+1b+2r 1=2p+1b+37 1=1v 1=4w+1v 2=2r+1b+33 1=2r+1b+39 1=b4 2=4w+1y 1=2v
    1=20 1=20 1=20 1=2w 1=87 1=21 1=21 1=24 1=30 2=26 1=26+33 3*3=28 3=2a 1=2a 3=2b+25 1=2c+1x+24
    1=2c+25 2=2i 4=2i 4*2=1u 3=2t 1*2=1x 3=25 1=33 1*4=15c 4=2x 2=1y+1t+2g 1=qo 1=qb 1=pf 1=ps
    1=6q9 5=1w 1*2=2s 2*2=2x 8=1d+6dg+1j 1=1d+6dg+1l 1=1d+6dg+1d+1c 1=1d+6dg+1f 1=1e+6dg+1f
    1=1d+6dg+1h 1=1e+6dg+1h 1=1f+6dg+1h 1=1g+6dg+1h 1=1d+6dg+1i 1=1h+6dg+1i 1=1d+6dg+1k
    1=1f+6dg+1k 1=1h+6dg+1k 1=1j+6dg+1k 1=1d+6dg 1=21 1=21+21 1=21+21+21 1=21+2e 1=2e 1=2e+21
    1=2e+21+21 1=2e+21+21+21 1=21+2g 1=2g 1=2g+21 1=2g+21+21 1=24 1*2=1v 2=25 1=2x 1=2x+2x
    1=2x+2x+2x 1=2x+3a 1=3a 1=3a+2x 1=3a+2x+2x 1=3a+2x+2x+2x 1=2x+3c 1=3c 1=3c+2x 1=3c+2x+2x 1=30
    1*2=2r 2=31 a=1c+6dg+1f 4j=6qz+6qz 1=6qz+6qz+6qz 2=6r2+6r2 1=6r2+6r2+6r2 fk*9=1d 9=1d+1c
    1=1d+1d 1=1d+1e 1=1d+1f 1=1d+1g 1=1d+1h 1=1d+1i 1=1d+1j 1=1d+1k 1=1d+1l 1=1e+1c 1=14+1d+15
    1=14+1e+15 1=14+1f+15 1=14+1g+15 1=14+1h+15 1=14+1i+15 1=14+1j+15 1=14+1k+15 1=14+1l+15
    1=14+1d+1c+15 1=14+1d+1d+15 1=14+1d+1e+15 1=14+1d+1f+15 1=14+1d+1g+15 1=14+1d+1h+15
    1=14+1d+1i+15 1=14+1d+1j+15 1=14+1d+1k+15 1=14+1d+1l+15 1=14+1e+1c+15 1=1d+1a 1=1e+1a 1=1f+1a
    1=1g+1a 1=1h+1a 1=1i+1a 1=1j+1a 1=1k+1a 1=1l+1a 1=1d+1c+1a 1=1d+1d+1a 1=1d+1e+1a 1=1d+1f+1a
    1=1d+1g+1a 1=1d+1h+1a 1=1d+1i+1a 1=1d+1j+1a 1=1d+1k+1a 1=1d+1l+1a 1=1e+1c+1a 1=14+2p+15
    1=14+2q+15 1=14+2r+15 1=14+2s+15 1=14+2t+15 1=14+2u+15 1=14+2v+15 1=14+2w+15 1=14+2x+15
    1=14+2y+15 1=14+2z+15 1=14+30+15 1=14+31+15 1=14+32+15 1=14+33+15 1=14+34+15 1=14+35+15
    1=14+36+15 1=14+37+15 1=14+38+15 1=14+39+15 1=14+3a+15 1=14+3b+15 1=14+3c+15 1=14+3d+15
    1=14+3e+15 1*q=1t q*q=2p q=1c 10i=6qz+6qz+6qz+6qz 2w=1m+1m+1p 1=1p+1p 1=1p+1p+1p ee=2y 1=2e
    6q=8yp 8g=lal 2c=vj3 d=feo 1=ffs 1=fg6 1=fgf 1=fh5 1=fid 1=fik 1=fj4 1=fju 1=g1r 1=g2t 1=g2z
    1=g3m 1=g46 1=g4r 1=g68 1=g6t 1=g74 1=gbf 1=ge1 1=get 1=gey 1=gfs 1=gg1 1=ggs 1=gh5 1=ghu
    1=gja 1=gjs 1=gkj 1=h5j 1=h7j 1=hkb 1=hky 1=hl6 1=hlh 1=hlz 1=ho3 1=i1c 1=i2o 1=i60 1=i6n
    1=i76 1=i7s 1=i9a 1=i9d 1=ijf 1=ijp 1=ik1 1=ike 1=inm 1=inu 1=inz 1=ir8 1=iri 1=irv 1=is3
    1=its 1=iu9 1=iur 1=iwz 1=jd4 1=jee 1=jez 1=jzj 1=jzo 1=k1z 1=k2f 1=k2s 1=k3d 1=k4g 1=k4l
    1=kc0 1=kco 1=kdk 1=l5s 1=l7m 1=l89 1=l9v 1=laj 1=las 1=laz 1=lcf 1=lck 1=ldg 1=m7f 1=mju
    1=mk6 1=mkb 1=mkf 1=mkn 1=ml5 1=ml7 1=mng 1=mtg 1=mtl 1=n30 1=n3a 1=n4o 1=n4v 1=n54 1=n5c
    1=n7v 1=n82 1=nee 1=nel 1=nfy 1=ngf 1=nhq 1=nob 1=noi 1=noz 1=ny2 1=o1k 1=o1q 1=o6s 1=o97
    1=oah 1=okz 1=ooo 1=p4m 1=p5d 1=p6y 1=p8d 1=pa9 1=pak 1=paq 1=pbn 1=pdr 1=pe1 1=pnn 1=pnu
    1=po3 1=poc 1=pos 1=pp7 1=ppb 1=pri 1=prm 1=prs 1=qj1 1=qjv 1=qww 1=qx8 1=qxv 1=r5q 1=r63
    1=r82 1=r9c 1=rp3 1=rpi 1=rpx 1=rqw 1=rrx 1=rxg 1=rxs 1=rzn 1=s6j 1=s7e 1=sd7 1=sds 1=sdx
    1=sk1 1=sp5 1=ssm 1=sss 1=ssx 1=tiv 1=tj4 1=tng 1=trq 1=trt 1=tt4 1=tw1 1=twe 1=twi 1=twp
    1=tzf 1=u0d 1=u0j 1=u0x 1=u5k 1=u6z 1=u73 1=uc6 1=uc9 1=ucs 1=ujs 1=ul4 1=ulb 1=un9 1=unj
    1=unm 1=unw 1=uoq 1=uzp 1=vat 1=vb3 1=vc5 1=vcr 1=vcz 1=vd9 1=vdd 1=veh 1=vel 1=vf2 1=vf7
    1=vfk 1=vgb 1=vgq 1=vgy 1=vil 1=vj0 1=vj4 17=w 1i=9hu 2=gg1 1*2=gg4 2q=w+9ll 1=w+9lm 3=9l4+9l6
    2o=9mb+9mw 1e*2=3cw 2=3hm 1=3cy 1*2=3ho 2*3=3cz 3*6=3hs 6=3dm 1*3=3d2 3=3dt 1*a=3d5 a*l=3fl
    l=3fk 1*2=3dg 2*2=3if 2=3ik 1=3im 1=3ir 1=3iv 1=3ix 1=3do 1=3j1 1=3j3 1*2=3dp 2=3ds 1*2=3du
    2=3dz 1=3e1 1*5=3e3 5=3ea 1=3ee 1=3eo 1=3ev 1=3f0 1*2=3jl 2*3=3fb 3*2=3gk 2=3go 1*2=3gx 2=3h0
    1=3ha 1=3hd 4=feo 1=fik 1=fex 1=h5n 1=fey 1=ffx 1=fez 1=n5e 1=fh5 1=ffd 1=fep 1=hm1 1=h80
    1=fju 2p=14+3cw+15 1=14+3cy+15 1=14+3cz+15 1=14+3d1+15 1=14+3d2+15 1=14+3d3+15 1=14+3d5+15
    1=14+3d7+15 1=14+3d8+15 1=14+3da+15 1=14+3db+15 1=14+3dc+15 1=14+3dd+15 1=14+3de+15
    1=14+3cw+3fl+15 1=14+3cy+3fl+15 1=14+3cz+3fl+15 1=14+3d1+3fl+15 1=14+3d2+3fl+15
    1=14+3d3+3fl+15 1=14+3d5+3fl+15 1=14+3d7+3fl+15 1=14+3d8+3fl+15 1=14+3da+3fl+15
    1=14+3db+3fl+15 1=14+3dc+3fl+15 1=14+3dd+3fl+15 1=14+3de+3fl+15 1=14+3d8+3fy+15
    1=14+3d7+3ft+3d8+3fp+3hn+15 1=14+3d7+3ft+3de+3fy+15 2=14+feo+15 1=14+fik+15 1=14+fex+15
    1=14+h5n+15 1=14+fis+15 1=14+g31+15 1=14+fer+15 1=14+g2z+15 1=14+fh9+15 1=14+gg1+15
    1=14+kco+15 1=14+m7f+15 1=14+ldg+15 1=14+kdk+15 1=14+ssx+15 1=14+h7j+15 1=14+k4l+15
    1=14+kkq+15 1=14+kcp+15 1=14+ny6+15 1=14+glp+15 1=14+mm1+15 1=14+rs1+15 1=14+nz1+15
    1=14+gc4+15 1=14+fkz+15 1=14+gos+15 1=14+i1y+15 1=14+nhf+15 1=14+flt+15 1=14+rt3+15
    1=14+ggk+15 1=14+nzh+15 1=14+fm9+15 1=14+pnu+15 1=14+po3+15 1=gun 1=inw 1=k1z 1=oen 9=28+2c+1x
    1=1e+1d 1=1e+1e 1=1e+1f 1=1e+1g 1=1e+1h 1=1e+1i 1=1e+1j 1=1e+1k 1=1e+1l 1=1f+1c 1=1f+1d
    1=1f+1e 1=1f+1f 1=1f+1g 1=1f+1h 1=3cw 1*2=3cy 2*3=3d1 3=3d5 1*2=3d7 2*5=3da 5=3cw+3fl
    1=3cy+3fl 1=3cz+3fl 1=3d1+3fl 1=3d2+3fl 1=3d3+3fl 1=3d5+3fl 1=3d7+3fl 1=3d8+3fl 1=3da+3fl
    1=3db+3fl 1=3dc+3fl 1=3dd+3fl 1=3de+3fl 1=3da+3fl+3hz+3cw+3ft 1=3d8+3fy+3d7+3g4 1=3d7+3fy
    2=feo 1=fik 1=fex 1=h5n 1=fis 1=g31 1=fer 1=g2z 1=fh9 1=gg1 1=kco 1=m7f 1=ldg 1=kdk 1=ssx
    1=h7j 1=k4l 1=kkq 1=kcp 1=ny6 1=glp 1=mm1 1=rs1 1=nz1 1=gc4 1=o2g 1=n5j 1=ho3 1=six 1=g16
    1=ghc 1=lig 1=u11 1=fm9 1=g49 1=l7n 1=fey 1=ffx 1=fez 1=ijq 1=gkz 1=gfv 1=i3b 1=i1y 1=nhf
    1=flt 1=rt3 1=ggk 1=hlo 1=1f+1i 1=1f+1j 1=1f+1k 1=1f+1l 1=1g+1c 1=1g+1d 1=1g+1e 1=1g+1f
    1=1g+1g 1=1g+1h 1=1g+1i 1=1g+1j 1=1g+1k 1=1g+1l 1=1h+1c 1=1d+kco 1=1e+kco 1=1f+kco 1=1g+kco
    1=1h+kco 1=1i+kco 1=1j+kco 1=1k+kco 1=1l+kco 1=1d+1c+kco 1=1d+1d+kco 1=1d+1e+kco 1=20+2v
    1=2t+36+2v 1=2t+2e 1=24+2c+1w 1=9lu 1=9lw 1=9ly 1=9m0 1*2=9m2 2=9m5 1=9m7 1=9m9 1=9mb 1=9md
    1=9mf 1=9mh 1=9mj 1=9ml 1=9mn 1=9mp 1=9ms 1=9mu 1=9mw 1*6=9my 6=9n6 1=9n9 1=9nc 1=9nf 1*5=9ni
    5=9no 1=9nq 1*6=9ns 6*4=9nz 4=fl0+gp8 1=9lu+9n5+9oc+9mw 1=9lu+9nv+9n9+9lt 1=9lu+9o3+9ne+9lu
    1=9lu+9oc+9nv 1=9lw+9mz+9o3+9m8 1=9lw+9o3+9mp 1=9ly+9m1+9o3 1=9m0+9mh+9m7+9oc+9mx
    1=9m0+9oc+9m3+9oc 1=9m2+9o3+9mh 1=9m2+9oc+9nk 1=9m3+9lw+9nu 1=9m3+9nt+9mr+9mw
    1=9m3+9nx+9nu+9oc 1=9m4+9nx+9o3 1=9m4+9o3+9ni 1=9m6+9m4 1=9m6+9mz+9oc 1=9m5+9np+9nu+9oc
    1=9m6+9nv+9mo+9oc 1=9m5+9nx 1=9m5+9nx+9m8+9nt+9nk 1=9m5+9nx+9nl+9oc+9mw+9nv
    1=9m5+9nx+9nz+9mr+9mw 1=9m8+9nt+9nk 1=9m8+9nt+9nk+9mw+9o3 1=9m7+9nv+9mk+9lw+9nx
    1=9m7+9nx+9oc+9n1 1=9m9+9oc+9mh 1=9mb+9nv+9my 1=9mb+9oc+9nh 1=9md+9lw+9m7+9nv
    1=9md+9o3+9mp+9oc+9nk 1=9mf+9nu+9o3+9m8 1=9mj+9o3+9mp 1=9mj+9o3+9mw 1=9mo+9oc+9mh 1=9mv+9mf
    1=9mx+9nv 1=9mw+9o3 1=9my+9n2 1=9n2+9mr+9mw 1=9n3+9lw+9ms 1=9n5+9oc+9mj+9o3+9mw 1=9n5+9oc+9ms
    1=9n4+9oc+9nw+9nv 1=9n8+9lu+9mh+9mw+9nv 1=9n8+9m7+9nv 1=9n8+9mb 1=9n7+9nv
    1=9n9+9lt+9nt+9mr+9mx 1=9n9+9lv+9oc+9mw 1=9na+9mr+9mf+9lz+9nv 1=9n9+9nt+9o3
    1=9nc+9m7+9mn+9oc+9nv 1=9ne+9ml 1=9ne+9mz+9n6 1=9nc+9nv+9ms 1=9ne+9o3+9mh 1=9ne+9oc+9mg
    1=9nd+9oc+9mn 1=9nh+9lw+9o3+9mw 1=9ng+9nv+9mw 1=9nf+9o3 1=9nh+9o3+9mx 1=9nf+9oc+9nv
    1=9nf+9oc+9o3 1=9ni+9lw+9m7+9nx 1=9ni+9lw+9nv 1=9ni+9mr+9n3 1=9ni+9nv+9m7
    1=9ni+9o3+9mf+9nr+9o3 1=9nj+9m7+9nx+9o3 1=9nj+9nu 1=9nj+9nu+9n4+9oc+9nv 1=9nl+9m4
    1=9nl+9m4+9mw+9o3 1=9nl+9oc+9mw+9nv 1=9no+9oc+9mx 1=9no+9oc+9nv 1=9nq+9lu+9o3
    1=9nu+9mr+9mw+9nv 1=9nu+9nt 1=9nv+9n8+9oc 1=9nv+9oc+9na+9nv 1=9nw+9nk 1=9nw+9o3+9mw+9ma+9o3
    1=9nz+9mr+9mw 1=1c+m9l 1=1d+m9l 1=1e+m9l 1=1f+m9l 1=1g+m9l 1=1h+m9l 1=1i+m9l 1=1j+m9l 1=1k+m9l
    1=1l+m9l 1=1d+1c+m9l 1=1d+1d+m9l 1=1d+1e+m9l 1=1d+1f+m9l 1=1d+1g+m9l 1=1d+1h+m9l 1=1d+1i+m9l
    1=1d+1j+m9l 1=1d+1k+m9l 1=1d+1l+m9l 1=1e+1c+m9l 1=1e+1d+m9l 1=1e+1e+m9l 1=1e+1f+m9l
    1=1e+1g+m9l 1=2w+28+2p 1=2s+2p 1=1t+2d 1=2q+2p+36 1=33+2e 1=34+2r 1=2s+31 1=2s+31+4y
    1=2s+31+4z 1=21+2d 1=inn+jdc 1=k6l+gp8 1=hlz+l7n 1=k5q+lh7 1=kkq+irz+fmi+ny6 1=34+1t 1=32+1t
    1=qk+1t 1=31+1t 1=2z+1t 1=23+1u 1=25+1u 1=1z+1u 1=2r+2p+30 1=2z+2r+2p+30 1=34+1y 1=32+1y
    1=qk+1y 1=qk+2v 1=31+2v 1=2z+2v 1=20+3e 1=2z+20+3e 1=25+20+3e 1=1z+20+3e 1=2c+20+3e 1=qk+6j7
    1=31+6j7 1=2s+6j7 1=2z+6j7 1=2u+31 1=32+31 1=qk+31 1=31+31 1=2r+31 1=2z+31 1=31+31+4y
    1=2r+31+4y 1=31+4y 1=2z+31+4y 1=31+31+4z 1=2r+31+4z 1=31+4z 1=2z+31+4z 1=31+6qd+37
    1=31+6qd+37+4y 1=28+2p 1=2z+28+2p 1=25+28+2p 1=1z+28+2p 1=36+2p+2s 1=36+2p+2s+6qd+37
    1=36+2p+2s+6qd+37+4y 1=34+37 1=32+37 1=qk+37 1=31+37 1=34+2e 1=32+2e 1=qk+2e 1=31+2e 1=2z+2e
    1=25+2e 1=34+2f 1=32+2f 1=qk+2f 1=31+2f 1=2z+2f 1=25+2f 1=2z+q1 1=25+q1 1=2p+1a+31+1a 1=1u+35
    1=2r+2r 1=2r+2s 1=1v+6qd+2z+2v 1=1v+33+1a 1=2s+1u 1=1z+3d 1=2w+2p 1=20+28 1=2x+32 1=23+23
    1=23+25 1=2z+38 1=30+31 1=30+32 1=30+33+2v 1=30+3c 1=31+2q 1=31+2x+30 1=31+33+30 1=28+20
    1=34+1a+31+1a 1=28+28+25 1=28+2a 1=37+36 1=2b+3a 1=2f+2q 1=2e+6qd+31 1=1t+6qd+31 1=1d+k4l
    1=1e+k4l 1=1f+k4l 1=1g+k4l 1=1h+k4l 1=1i+k4l 1=1j+k4l 1=1k+k4l 1=1l+k4l 1=1d+1c+k4l
    1=1d+1d+k4l 1=1d+1e+k4l 1=1d+1f+k4l 1=1d+1g+k4l 1=1d+1h+k4l 1=1d+1i+k4l 1=1d+1j+k4l
    1=1d+1k+k4l 1=1d+1l+k4l 1=1e+1c+k4l 1=1e+1d+k4l 1=1e+1e+k4l 1=1e+1f+k4l 1=1e+1g+k4l
    1=1e+1h+k4l 1=1e+1i+k4l 1=1e+1j+k4l 1=1e+1k+k4l 1=1e+1l+k4l 1=1f+1c+k4l 1=1f+1d+k4l 1=2v+2p+30
    mn1=ui 1=uk 5v=x2n 3m=1v 1=1y 1=29 4=86 1=9f o3=x0n 1=xtj 1=h7 1=xua a=i5 fpz=2u+2u 1=2u+2x
    1=2u+30 1=2u+2u+2x 1=2u+2u+30 1=an+38 1=37+38 d=12s+12u 1=12s+12d 1=12s+12j 1=132+12u
    1=12s+12l 9=15u 1=15c 1*2=15f 2*3=15n 3=160 1=162 1=17 12=15c+15o 1=19t 1=19t 1=1a3 1=1a3
    1=1a3 1=1a3 1=1a6 1=1a6 1=1a6 1=1a6 1=1a8 1=1a8 1=1a8 1=1a8 1=1a2 1=1a2 1=1a2 1=1a2 1=1a7
    1=1a7 1=1a7 1=1a7 1=1a1 1=1a1 1=1a1 1=1a1 1=1b8 1=1b8 1=1b8 1=1b8 1=1ba 1=1ba 1=1ba 1=1ba
    1=1ac 1=1ac 1=1ac 1=1ac 1=1ab 1=1ab 1=1ab 1=1ab 1=1ae 1=1ae 1=1ae 1*2=1ae 2=1af 1=1af 1=1af
    1=1al 1=1al 1=1ak 1=1ak 1=1am 1=1am 1=1ag 1=1ag 1=1aw 1=1aw 1=1ap 1=1ap 1=1bd 1=1bd 1=1bd
    1=1bd 1=1bj 1=1bj 1=1bj 1=1bj 1=1bn 1=1bn 1=1bn 1=1bn 1=1bl 1=1bl 1=1bl 1=1bl 1=1bu 1*2=1bu
    2=1bv 1=1bv 1=1bv 1=1c0 1*2=1c0 2=1c1 1=1c1 1=1c1 1=1by 1=1by 1=1by 1=1by 1=1ci 1*2=1ci 2=1cj
    y=1bh 1=1bh 1=1bh 1=1bh 1=1c7 1=1c7 1=1c6 1=1c6 1=1c8 1=1c8 1=19z 1=1cb 1=1cb 1=1c5 1=1c5
    1=1c9 1=1c9 1=1cg 1=1cg 1=1cg 1=1cg 1=18p 1=18p 1=17q+17r 1=17q+17r 1=17q+1cl 1=17q+1cl
    1=17q+18o 1=17q+18o 1=17q+1c7 1=17q+1c7 1=17q+1c6 1=17q+1c6 1=17q+1c8 1=17q+1c8 1=17q+1cg
    1=17q+1cg 1=17q+1cg 1=17q+18p 1=17q+18p 1=17q+18p 1=1cc 1=1cc 1=1cc 1=1cc 1=17q+17w 1=17q+17x
    1=17q+18l 1=17q+18p 1=17q+18q 1=17s+17w 1=17s+17x 1=17s+17y 1=17s+18l 1=17s+18p 1=17s+18q
    1=17u+17w 1=17u+17x 1=17u+17y 1=17u+18l 1=17u+18p 1=17u+18q 1=17v+17w 1=17v+18l 1=17v+18p
    1=17v+18q 1=17w+17x 1=17w+18l 1=17x+17w 1=17x+18l 1=17y+17w 1=17y+17x 1=17y+18l 1=183+17w
    1=183+17x 1=183+17y 1=183+18l 1=185+17x 1=185+18l 1=186+17w 1=186+17x 1=186+17y 1=186+18l
    1=187+17x 1=187+18l 1=188+18l 1=189+17w 1=189+18l 1=18a+17w 1=18a+18l 1=18h+17w 1=18h+17x
    1=18h+17y 1=18h+18l 1=18h+18p 1=18h+18q 1=18i+17x 1=18i+18l 1=18i+18p 1=18i+18q 1=18j+17r
    1=18j+17w 1=18j+17x 1=18j+17y 1=18j+18k 1=18j+18l 1=18j+18p 1=18j+18q 1=18k+17w 1=18k+17x
    1=18k+17y 1=18k+18l 1=18k+18p 1=18k+18q 1=18l+17w 1=18l+17x 1=18l+17y 1=18l+18l 1=18l+18p
    1=18l+18q 1=18m+17w 1=18m+17x 1=18m+17y 1=18m+18l 1=18m+18p 1=18m+18q 1=18n+17w 1=18n+18l
    1=18n+18p 1=18n+18q 1=18q+17w 1=18q+17x 1=18q+17y 1=18q+18l 1=18q+18p 1=18q+18q 1=180+19s
    1=181+19s 1=18p+19s 1=w+18s+18x 1=w+18t+18x 1=w+18u+18x 1=w+18v+18x 1=w+18w+18x 1=w+18x+19s
    1=17q+181 1=17q+182 1=17q+18l 1=17q+18m 1=17q+18p 1=17q+18q 1=17s+181 1=17s+182 1=17s+18l
    1=17s+18m 1=17s+18p 1=17s+18q 1=17u+181 1=17u+182 1=17u+18l 1=17u+18m 1=17u+18p 1=17u+18q
    1=17v+181 1=17v+182 1=17v+18l 1=17v+18m 1=17v+18p 1=17v+18q 1=18h+18p 1=18h+18q 1=18i+18p
    1=18i+18q 1=18j+17r 1=18j+18k 1=18j+18l 1=18j+18p 1=18j+18q 1=18k+18l 1=18k+18p 1=18k+18q
    1=18l+17r 1=18l+18l 1=18m+181 1=18m+182 1=18m+18l 1=18m+18m 1=18m+18p 1=18m+18q 1=18p+19s
    1=18q+181 1=18q+182 1=18q+18l 1=18q+18m 1=18q+18p 1=18q+18q 1=17q+17w 1=17q+17x 1=17q+17y
    1=17q+18l 1=17q+18n 1=17s+17w 1=17s+17x 1=17s+17y 1=17s+18l 1=17s+18n 1=17u+17w 1=17u+17x
    1=17u+17y 1=17u+18l 1=17u+18n 1=17v+18l 1=17w+17x 1=17w+18l 1=17x+17w 1=17x+18l 1=17y+17w
    1=17y+18l 1=183+17w 1=183+17x 1=183+17y 1=183+18l 1=185+17x 1=185+17y 1=185+18l 1=186+17w
    1=186+17x 1=186+17y 1=186+18l 1=187+17x 1=188+18l 1=189+17w 1=189+18l 1=18a+17w 1=18a+18l
    1=18h+17w 1=18h+17x 1=18h+17y 1=18h+18l 1=18i+17x 1=18i+18l 1=18j+17w 1=18j+17x 1=18j+17y
    1=18j+18k 1=18j+18l 1=18k+17w 1=18k+17x 1=18k+17y 1=18k+18l 1=18k+18n 1=18l+17w 1=18l+17x
    1=18l+17y 1=18l+18l 1=18m+17w 1=18m+17x 1=18m+17y 1=18m+18l 1=18m+18n 1=18n+17w 1=18n+18l
    1=18n+19s 1=18q+17w 1=18q+17x 1=18q+17y 1=18q+18l 1=18q+18n 1=17q+18l 1=17q+18n 1=17s+18l
    1=17s+18n 1=17u+18l 1=17u+18n 1=17v+18l 1=17v+18n 1=183+18l 1=183+18n 1=184+18l 1=184+18n
    1=18j+18k 1=18j+18l 1=18k+18l 1=18m+18l 1=18m+18n 1=18q+18l 1=18q+18n 1=18g+18u+18x
    1=18g+18v+18x 1=18g+18w+18x 1=187+18p 1=187+18q 1=189+18p 1=189+18q 1=18a+18p 1=18a+18q
    1=183+18p 1=183+18q 1=184+18p 1=184+18q 1=17x+18p 1=17x+18q 1=17w+18p 1=17w+18q 1=17y+18p
    1=17y+18q 1=185+18p 1=185+18q 1=186+18p 1=186+18q 1=184+17w 1=184+17x 1=184+17y 1=184+18l
    1=184+181 1=183+181 1=185+181 1=186+181 1=187+18p 1=187+18q 1=189+18p 1=189+18q 1=18a+18p
    1=18a+18q 1=183+18p 1=183+18q 1=184+18p 1=184+18q 1=17x+18p 1=17x+18q 1=17w+18p 1=17w+18q
    1=17y+18p 1=17y+18q 1=185+18p 1=185+18q 1=186+18p 1=186+18q 1=184+17w 1=184+17x 1=184+17y
    1=184+18l 1=184+181 1=183+181 1=185+181 1=186+181 1=184+17w 1=184+17x 1=184+17y 1=184+18l
    1=183+18n 1=184+18n 1=187+18l 1=183+17w 1=183+17x 1=183+17y 1=184+17w 1=184+17x 1=184+17y
    1=187+18l 1=188+18l 1=17r+18r 1=17r+18r j=17u+17w+18l 1=17u+17x+17w 1=17u+17x+17w
    1=17u+17x+18l 1=17u+17y+18l 1=17u+18l+17w 1=17u+18l+17x 1=17u+18l+17y 1=17w+18l+17x
    1=17w+18l+17x 1=17x+18l+18q 1=17x+18l+18p 1=183+17x+17w 1=183+17w+17x 1=183+17w+18p
    1=183+18l+17x 1=183+18l+17x 1=183+18l+17w 1=183+18l+18l 1=183+18l+18l 1=185+17x+17x
    1=185+17x+17x 1=185+18l+18l 1=184+17x+18l 1=184+17x+18l 1=184+17w+18q 1=184+18l+17y
    1=184+18l+17y 1=184+18l+18l 1=184+18l+18l 1=186+17x+18p 1=186+17y+18l 1=186+17y+18l
    1=187+18l+17x 1=187+18l+17x 1=187+18l+18l 1=187+18l+18q 1=189+17w+18l 1=189+18l+18l
    1=189+18l+18l 1=189+18l+18p 1=18a+18l+18l 1=18a+18l+18q 1=18a+18l+18p 1=18h+17y+18l
    1=18h+17y+18l 1=18i+18l+17x 1=18i+18l+18l 1=18k+17x+18l 1=18k+17x+18q 1=18k+17x+18p
    1=18k+17w+17w 1=18k+17w+17w 1=18k+17y+18l 1=18k+17y+18l 1=18k+18l+17x 1=18k+18l+17x
    1=18l+17x+17w 1=18l+17x+18l 1=18l+17x+18q 1=18l+17w+17x 1=18l+17w+18l 1=18l+17y+17w
    1=18l+17y+18l 3=18l+17w+17y 1=18n+18l+17w 1=18n+18l+18l 1=18m+17x+18l 1=18m+17x+18p
    1=18m+17w+18l 1=18m+17w+18l 1=18m+17w+18p 1=18m+18l+18q 1=18m+18l+18p 1=18q+18l+18l
    1=18q+18l+18l 1=17s+17y+18q 1=17u+17w+18q 1=17u+17w+18p 1=17u+17y+18q 1=17u+17y+18p
    1=17u+18l+18q 1=17u+18l+18p 1=17w+18l+18q 1=17w+17x+18p 1=17w+18l+18p 1=183+17y+18p
    1=185+17x+18q 1=184+17x+18q 1=186+17x+18q 1=18k+17w+18q 1=18k+18l+18q 1=18q+17x+18q
    1=18q+17w+18q 1=18q+18l+18q 1=18l+18l+18q 1=18i+18l+18q 1=18m+17x+18q 1=18i+18l+17x
    1=18k+17x+18l 1=189+18l+18q 1=18j+18l+18q 1=18m+17w+17x 1=18l+17y+18q 1=18k+17w+18l
    1=18j+18l+18l 1=18k+17w+18l 1=18m+17w+17x 1=17w+17x+18q 1=17x+17w+18q 1=18l+17w+18q
    1=18h+18l+18q 1=17s+17x+18q 1=18j+18l+18l 1=189+17w+18l 1=185+18l+18l 1=183+17y+18q
    1=18m+17w+18q 15=185+18k+1ci 1=18i+18k+1ci 1=17r+18k+18k+18n 1=17r+18j+17s+181
    1=18l+17x+18l+17z 1=185+18k+189+18l 1=181+183+18o+18k 1=189+18k+18q+18n 1=18o+183+18k+18l
    1=185+18k+18p 1=185+18k+18p+w+17r+18k+18k+18n+w+189+18k+18q+18n+w+18o+183+18k+18l
    1=17w+18k+w+17w+18k+17r+18k+18n 1=181+1cc+17r+18k k=18 1*2=9hd 2*2=1m 2=x 1=1r 1*2=9hy 2=6cm
    n=6cl 1=6c4 1=6c3 1=2n 1=2n 1*2=14 2=3f 1=3h 1*2=9hw 2*2=9hs 2*2=9hm 2*2=9hk 2*4=9ho 6=2j 1=2l
    1=6da 1=6da 1=6da 1=6da 1=2n 1=2n 1=2n 1=18 1=9hd 1=1a 2=1n 1=1m 1=1r 1=x 1=6c4 1*2=14 2=3f
    1=3h 1*2=9hw 2=z 1=12 1*2=16 2=19 1=1o 1=1q 1=1p 2=2k 1*2=10 2=1s 5=w+18r 1=18g+18r 1=w+18s
    2=w+18t 2=w+18u 1=18g+18u 1=w+18v 1=18g+18v 1=w+18w 1=18g+18w 1=w+18x 1=18g+18x 1=w+18y
    1=18g+18y 1*2=17l 2*2=17m 2*2=17n 2*2=17o 2*2=17p 2=17q 1=17q 1*2=17q 2*2=17r 2=17s 1=17s
    1*2=17s 2*2=17t 2=17u 1=17u 1*2=17u 2=17v 1=17v 1*2=17v 2=17w 1=17w 1*2=17w 2=17x 1=17x
    1*2=17x 2=17y 1=17y 1*2=17y 2*2=17z 2*2=180 2*2=181 2*2=182 2=183 1=183 1*2=183 2=184 1=184
    1*2=184 2=185 1=185 1*2=185 2=186 1=186 1*2=186 2=187 1=187 1*2=187 2=188 1=188 1*2=188 2=189
    1=189 1*2=189 2=18a 1=18a 1=18a 1=18h 1=18h 1=18h 1*2=18h 2=18i 1=18i 1*2=18i 2=18j 1=18j
    1*2=18j 2=18k 1=18k 1*2=18k 2=18l 1=18l 1*2=18l 2=18m 1=18m 1*2=18m 2=18n 1=18n 1*2=18n
    2*2=18o 2*2=18p 2=18q 1=18q 1=18q 1=18k+17m 1=18k+17m 1=18k+17n 1=18k+17n 1=18k+17p 1=18k+17p
    1=18k+17r 1=18k+17r 5*2m=x 2m*2=879 2=9he 1*2=9ho 2=9hd 1=9ob 1=9o2 1=9lt 1=9lv 1=9lx 1=9lz
    1=9m1 1=9nn 1=9np 1=9nr 1=9mr 1=9oc 1=9lu 1=9lw 1=9ly 1=9m0 1*2=9m2 2=9m5 1=9m7 1=9m9 1=9mb
    1=9md 1=9mf 1=9mh 1=9mj 1=9ml 1=9mn 1=9mp 1=9ms 1=9mu 1=9mw 1*6=9my 6=9n6 1=9n9 1=9nc 1=9nf
    1*5=9ni 5=9no 1=9nq 1*6=9ns 6=9nz 1=9o3 1*2=9ll 2=9r8 1*u=9pt x*6=9qn 8*6=9qt 8*6=9qz 8*3=9r5
    6*2=4i 2=4s 1=4v 1=4m 1=4l 1=6g9 2=7b6 1*4=6mo 4=7fk 1=7gr 1hv*2=k0 2=6e 1=ih 1=gj 2=ir 1=xuu
    1=it 1=is 1*2=gm 2=5u9 1=go 1=gu 1=ix 1=h0 1=gy 1=gw 1=ij 1=87 1=ik 1=h3 1=hw 1*2=iy 2=h8
    1=2mmc 1=x3i 1=ha 1=2mmd 1=i6 1=2mme 1=6w 1*2=hi 2=35 1=hm 1=2mmg 1*2=hp 2=hs 1=iw 1=iu 1=xuv
    1=iv 1=i0 1=8s1 2=i7 1*2=ip 2=ig 1*3=cg 3=2mmi 1=2mn2 14cm*q=1t q*q=2p q*q=1t q*7=2p 8*i=2x
    i*q=1t q*q=2p q=1t 2*2=1v 4=1z 3*2=22 4*4=26 5*8=2b 8*4=2p 5=2u 2*7=2w 8*b=34 b*q=1t q*q=2p
    q*2=1t 3*4=1w 6*8=22 9*7=2b 8*q=2p q*2=1t 3*4=1w 5*5=21 6=27 4*7=2b 8*q=2p q*q=1t q*q=2p
    q*q=1t q*q=2p q*q=1t q*q=2p q*q=1t q*q=2p q*q=1t q*q=2p q*q=1t q*q=2p q=8h 1=fr 3*h=pd h=s4
    1*7=pv 7=6pz 1*p=q9 p=6pu 1=s5 1=r5 1=s0 1=r9 1=s1 1=ra 1*h=pd h=s4 1*7=pv 7=6pz 1*p=q9 p=6pu
    1=s5 1=r5 1=s0 1=r9 1=s1 1=ra 1*h=pd h=s4 1*7=pv 7=6pz 1*p=q9 p=6pu 1=s5 1=r5 1=s0 1=r9 1=s1
    1=ra 1*h=pd h=s4 1*7=pv 7=6pz 1*p=q9 p=6pu 1=s5 1=r5 1=s0 1=r9 1=s1 1=ra 1*h=pd h=s4 1*7=pv
    7=6pz 1*p=q9 p=6pu 1=s5 1=r5 1=s0 1=r9 1=s1 1=ra 1*2=rg 4*a=1c a*a=1c a*a=1c a*a=1c a*a=1c
    4cq*2=17r 2=17w 1=17z 2=18o 1=182 1=17x 1=187 1=18q 1*4=18j 4=183 1=189 1=18h 1=185 1=18i
    1=181 1=184 1*2=17u 2=17y 1=180 1=186 1=188 1=18a 1=19q 1=1bu 1=1b5 1=19r 2=17s 1=17w 2=18n
    3=17x 2=18q 1*4=18j 4=183 1=189 1=18h 1=185 1=18i 2=184 1*2=17u 2=17y 2=186 2=18a 7=17w 5=17x
    2=18q 2=18k 2=18m 1=183 1=189 2=185 1=18i 2=184 3=17y 2=186 2=18a 2=1bu 2=19r 2=17s 1=17w
    2=18n 3=17x 1=187 1=18q 1=18j 2*2=18l 2=183 1=189 1=18h 1=185 1=18i 2=184 1*2=17u 2=17y 2=186
    1=188 1=18a 1=19q 2=1b5 2*2=17r 2=17w 1=17z 1*2=18n 2=182 1=17x 1=187 1=18q 2*3=18k 3=183
    1=189 1=18h 1=185 1=18i 1=181 1=184 1*2=17u 2=17y 1=180 1=186 1=188 1=18a 6=17s 1=17w 1=17z
    2=18o 1=182 1=17x 1=187 1=18q 2*3=18k 3=183 1=189 1=18h 1=185 1=18i 1=181 1=184 1*2=17u 2=17y
    1=180 1=186 1=188 1=18a g5=1c+1a 1=1c+18 1=1d+18 1=1e+18 1=1f+18 1=1g+18 1=1h+18 1=1i+18
    1=1j+18 1=1k+18 1=1l+18 6=14+1t+15 1=14+1u+15 1=14+1v+15 1=14+1w+15 1=14+1x+15 1=14+1y+15
    1=14+1z+15 1=14+20+15 1=14+21+15 1=14+22+15 1=14+23+15 1=14+24+15 1=14+25+15 1=14+26+15
    1=14+27+15 1=14+28+15 1=14+29+15 1=14+2a+15 1=14+2b+15 1=14+2c+15 1=14+2d+15 1=14+2e+15
    1=14+2f+15 1=14+2g+15 1=14+2h+15 1=14+2i+15 1=9hw+2b+9hx 1=1v 1=2a 1=1v+1w 1=2f+2i 2*q=1t
    q=20+2e 1=25+2e 1=2b+1w 1=2b+2b 1=28+28+2e 1=2f+1v r=25+1v 1=25+1w 1=25+2a 10=1w+22 34=9kr+9jf
    1=9mb+9mb 1=9md e=jez 1=i1j 1=gjw 1=9mv 1=fik 1=hlm 1=r8j 1=hm1 1=fj8 1=k68 1=mch 1=k2h 1=g99
    1=ivg 1=g3x 1=k34 1=g7x 1=oqq 1=n4v 1=rs9 1=hkg 1=gmx 1=lxw 1=jh1 1=jmd 1=feo 1=fex 1=si2
    1=ijq 1=ffx 1=gkz 1=jk7 1=rxs 1=jf7 1=o01 1=o6y 1=glk 1=lts 1=kcp 1=kco 1=n5f 1=gaa 1=gxi
    1=sp9 5=9hw+kdo+9hx 1=9hw+fex+9hx 1=9hw+fik+9hx 1=9hw+i2x+9hx 1=9hw+m9l+9hx 1=9hw+jf7+9hx
    1=9hw+nh3+9hx 1=9hw+gd9+9hx 1=9hw+k0n+9hx 8=ivr 1=gkv 1wf*a=1c
    """
}
