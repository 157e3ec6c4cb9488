"""What the network tells by itself: who was seen in which device.

detected                          what all feeds hand over
detection_queue                   where it waits, bounded, for the one that takes it
radius, radius_config             accounting records of GGSN, PGW or SMF (UDP)
datagram_socket                   their socket: read and answered in bursts
diameter, diameter_config         checks of devices by MME and SGSN (TCP): here the server is their EIR
diameter_session                  one connection of Diameter, without a socket
address_book, recent_requests     who may speak, by address | what was answered lately
sparse_log                        floods that do not flood the log
"""
